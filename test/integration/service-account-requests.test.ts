// A pod's requests through the whole gateway, with tokens of a real API server: who the application sees, where they
// may go, and what becomes of them when the account goes.
import { once } from 'node:events';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  startEchoApplication,
  valuesOf,
  type EchoApplication,
} from '../fixtures/echo-application.ts';
import {
  bindingOf,
  clusterNeighbours,
  startGatedCluster,
  type GatedCluster,
} from '../fixtures/gated-cluster.ts';
import { AUDIENCE, requestToken, serviceAccount } from '../fixtures/service-account-bed.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const EDITOR = 'system:serviceaccount:team-a:default-editor';
const NOTEBOOKS = '/jupyter/api/namespaces/team-a/notebooks';
const RUNS = '/pipeline/apis/v2beta1/runs?namespace=team-a';

describeWith(clusterNeighbours, 'a pod with the token of its service account', () => {
  let application: EchoApplication;
  let cluster: GatedCluster;

  beforeAll(async () => {
    application = await startEchoApplication();
    cluster = await startGatedCluster(application.port, {
      namespaces: ['team-a', 'team-b'],
      config: { tokens: { serviceAccounts: { pipelinesAudience: true } } },
    });
    await cluster.server.client.create(serviceAccount('default-editor'));
    await cluster.server.client.create(bindingOf(EDITOR, 'team-a'));
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await application[Symbol.asyncDispose]();
  });

  const tokenFor = (audience: string) =>
    requestToken(cluster.server, serviceAccount('default-editor'), { audiences: [audience] });
  const ask = (path: string, token: string) =>
    fetch(`${cluster.gateway.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const answersWith = (status: number, path: string, token: string) =>
    pollUntil(`${path} answers ${status}`, async () => (await ask(path, token)).status === status);
  async function refusal(path: string, token: string) {
    const answer = await ask(path, token);
    const { code } = (await answer.json()) as { code: string };
    return { status: answer.status, code, challenge: answer.headers.get('www-authenticate') };
  }

  it('is its account to the application, which sees neither the token nor a group', async () => {
    const token = await tokenFor(AUDIENCE);
    await answersWith(200, NOTEBOOKS, token);
    const arrival = application.arrivals.at(-1);
    expect(valuesOf(arrival, 'kubeflow-userid')).toEqual([EDITOR]);
    expect(valuesOf(arrival, 'kubeflow-groups')).toEqual([]);
    expect(valuesOf(arrival, 'authorization')).toEqual([]);
    const [assertion = ''] = valuesOf(arrival, 'x-kfgw-assertion');
    const claims = decodeJwt(assertion);
    expect(claims).toMatchObject({ sub: EDITOR, kubeflow_userid: EDITOR, groups: [] });
    expect(claims).not.toHaveProperty('kubeflow_groups');
    expect(claims['sid']).toBe(decodeJwt(token).jti);
  });

  it('reaches the namespaces that its account is bound in, by name or as one of all accounts', async () => {
    const token = await tokenFor(AUDIENCE);
    const path = NOTEBOOKS.replace('team-a', 'team-b');
    expect(await refusal(path, token)).toMatchObject({ status: 403, code: 'namespace_forbidden' });
    const binding = {
      ...bindingOf('all-of-team-a', 'team-b'),
      subjects: [{ kind: 'Group', name: 'system:serviceaccounts:team-a' }],
    };
    await cluster.server.client.create(binding);
    await answersWith(200, path, token);
  });

  it('reaches Pipelines alone with what the PodDefault of Pipelines mounts', async () => {
    const token = await tokenFor('pipelines.kubeflow.org');
    await answersWith(200, RUNS, token);
    expect(await refusal(NOTEBOOKS, token)).toMatchObject({
      ...{ status: 403, code: 'insufficient_scope' },
    });
  });

  it('is told when the token was made for the API server, and not sent to a sign-in', async () => {
    const refused = await refusal(NOTEBOOKS, await tokenFor('https://kubernetes.default.svc'));
    expect(refused).toMatchObject({ status: 401, code: 'token_audience' });
    expect(refused.challenge).toContain('Bearer');
    expect(refused.challenge).toContain('error="invalid_token"');
  });

  it('loses an open WebSocket within a second after its account was deleted', async () => {
    const token = await tokenFor(AUDIENCE);
    await answersWith(200, '/notebook/team-a/lab/', token);
    const url = `ws://127.0.0.1:${cluster.gateway.port}/notebook/team-a/lab/api/kernels/1/channels`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[code: number, reason: Buffer]>;
    const sentMs = performance.now();
    await cluster.server.client.remove(serviceAccount('default-editor'));
    const [code, reason] = await closed;
    expect(performance.now() - sentMs).toBeLessThan(1_000);
    expect([code, reason.toString()]).toEqual([4401, 'token_ended']);
    expect(await refusal(NOTEBOOKS, token)).toMatchObject({ status: 401, code: 'token_ended' });
  });
});
