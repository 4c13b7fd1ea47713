// The request vectors through the check listener, asked as Envoy asks over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteMatcher } from '../../src/access/catalogue/route-matcher.ts';
import { CheckListener } from '../../src/doors/check-listener.ts';
import { RequestAuthenticator } from '../../src/identity/request-authenticator.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLogger } from '../../src/kernel/logger.ts';
import { silentMetrics } from '../../src/kernel/metrics.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import {
  startCapturingApplication,
  type CapturingApplication,
} from '../fixtures/capturing-application.ts';
import { startCheckingProxy } from '../fixtures/checking-proxy.ts';
import { hygieneWith } from '../fixtures/hygiene.ts';
import { plainStandIns, SESSION, SESSION_COOKIE } from '../fixtures/listener-bed.ts';
import { routeThat, rulesThat } from '../fixtures/questions.ts';
import { ScriptedSessions } from '../fixtures/scripted-sessions.ts';
import { ScriptedTokens } from '../fixtures/scripted-tokens.ts';
import { runVector, VECTOR_HOST, type VectorBed } from '../vectors/run.ts';
import { readVectors } from '../vectors/schema.ts';

/** What the upstreams of the inline door's test say: public below /dex/, for programs below /serving/. */
const routes: RouteMatcher = {
  match: ({ target }) => {
    const isPublic = target.path.startsWith('/dex/');
    const neverRedirect = target.path.startsWith('/serving/');
    const demand = { kind: isPublic ? 'public' : 'authenticated' } as const;
    return { kind: 'route', route: routeThat(demand, { neverRedirect }) };
  },
};

describe('request vectors', () => {
  const stack = new AsyncDisposableStack();
  let application: CapturingApplication;
  let bed: VectorBed;

  beforeAll(async () => {
    application = stack.use(await startCapturingApplication());
    const sessions = new ScriptedSessions();
    sessions.begin(SESSION, 'user@example.com', 'team-a,team-b');
    const listener = new CheckListener(
      {
        ...{ host: '127.0.0.1', port: 0, tls: undefined },
        ...{ keepAliveMs: 60_000, headersTimeoutMs: 10_000 },
        identity: 'header',
        managedHeaders: ['kubeflow-userid', 'kubeflow-groups'],
      },
      {
        routes,
        hygiene: hygieneWith({ publicOrigins: [`http://${VECTOR_HOST}`] }),
        standIns: plainStandIns,
        isOwnPage: (path) => path.startsWith('/oauth2/'),
        authenticator: new RequestAuthenticator({ sessions, tokens: new ScriptedTokens() }),
        rules: rulesThat({ kind: 'allowed', grant: { binding: undefined } }),
        indexAgeMs: () => 0,
        audit: () => undefined,
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        metrics: silentMetrics,
      },
    );
    const { port } = await listener.listen();
    stack.defer(() => listener.close(0));
    const proxy = stack.use(await startCheckingProxy(port, application.port));
    bed = {
      port: proxy.port,
      sessionCookie: SESSION_COOKIE,
      user: 'user@example.com',
      groups: 'team-a,team-b',
      takeArrivals: () => application.takeArrivals(),
    };
  });
  afterAll(() => stack.disposeAsync());

  it('are a table worth the name', () => {
    expect(checked.length).toBeGreaterThan(200);
  });

  const checked = readVectors().filter((vector) => vector.doors.includes('ext_authz-http'));

  it.each(checked)('ext_authz over HTTP, $id: $why', async (vector) => {
    await runVector(vector, bed);
  });
});
