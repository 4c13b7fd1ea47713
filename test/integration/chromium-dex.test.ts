// The whole gateway in front of an application, with the real Dex behind it.
import { expect, it } from 'vitest';
import { startEchoApplication, valuesOf } from '../fixtures/echo-application.ts';
import { startGateway } from '../fixtures/gateway-process.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { DEX_PASSWORD, kubeflowUser } from '../neighbours/dex-config.ts';
import { startDex } from '../neighbours/dex.ts';
import { signInByForm } from '../neighbours/sign-in-form.ts';

describeWith(['dex-2.45.1'], 'the gateway as a process', () => {
  it('signs a person in and tells the application who it is', async () => {
    await using dex = await startDex();
    await using application = await startEchoApplication();
    await using gateway = await startGateway({ dex, application: application.port });
    const person = { login: kubeflowUser.email, password: DEX_PASSWORD };
    const end = await signInByForm(`${gateway.url}/echo?a=b`, person);
    expect(end.answer?.status).toBe(200);
    const [arrival] = application.arrivals;
    expect(valuesOf(arrival, 'kubeflow-userid')).toEqual(['user@example.com']);
  });
});
