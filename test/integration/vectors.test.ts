// The request vectors through a whole gateway process, with a session from a sign-in at Dex and with a token of Dex.
import { afterAll, beforeAll, it } from 'vitest';
import {
  startCapturingApplication,
  type CapturingApplication,
} from '../fixtures/capturing-application.ts';
import { grantTo } from '../fixtures/dex-grant.ts';
import { startGateway, type GatewayProcess } from '../fixtures/gateway-process.ts';
import { kubeflowPerson, ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startDex } from '../neighbours/dex.ts';
import { signInByForm } from '../neighbours/sign-in-form.ts';
import { bearerVectors } from '../vectors/bearer-vectors.ts';
import { runVector, type VectorBed } from '../vectors/run.ts';
import { readVectors } from '../vectors/schema.ts';

describeWith(['dex-2.45.1'], 'request vectors through a gateway process', () => {
  const stack = new AsyncDisposableStack();
  let application: CapturingApplication;
  let bed: VectorBed;
  let bearerToken: string;

  beforeAll(async () => {
    const dex = stack.use(await startDex({ passwordConnector: 'local' }));
    application = stack.use(await startCapturingApplication());
    const url = `http://127.0.0.1:${application.port}`;
    const gateway = stack.use(
      await startGateway({
        dex,
        config: {
          // Browsers go to Dex itself, so that `/dex/` can be an application of the test.
          oidc: { endpoints: {} },
          upstreams: [
            { prefix: '/', url },
            { prefix: '/dex/', url, access: 'public' },
            { prefix: '/serving/', url, neverRedirect: true },
          ],
        },
      }),
    );
    bed = {
      port: gateway.port,
      sessionCookie: await signIn(gateway),
      user: 'user@example.com',
      groups: '',
      takeArrivals: () => application.takeArrivals(),
    };
    ({ idToken: bearerToken } = await grantTo(dex));
  });
  afterAll(() => stack.disposeAsync());

  it.each(readVectors().filter((vector) => vector.doors.includes('inline')))(
    '$id: $why',
    async (vector) => {
      await runVector(vector, bed);
    },
  );

  it.each(bearerVectors().filter((vector) => vector.doors.includes('inline')))(
    'with a token, $id: $why',
    async (vector) => {
      await runVector(vector, { ...bed, bearerToken });
    },
  );
});

/** Signs in at Dex and returns `name=value` of the session's cookie. */
async function signIn(gateway: GatewayProcess): Promise<string> {
  using browser = new ScriptedBrowser();
  const { url } = await signInByForm(`${gateway.url}/katib/`, kubeflowPerson, {
    jar: browser.jar,
    until: ({ pathname }) => pathname === '/oauth2/callback',
  });
  // Kubeflow's redirect URI is a path, which Dex takes for one of its own.
  await browser.ask(gateway, `/oauth2/callback${url.search}`);
  const cookies = browser.jar.header(new URL(gateway.url)).split('; ');
  const session = cookies.find((cookie) => cookie.startsWith('kfgw='));
  if (session === undefined) throw new Error('the sign-in left no session');
  return session;
}
