// The unmodified SDK of Kubeflow Pipelines through the gateway, with the tokens of a person and of a pod.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  bindingOf,
  clusterNeighbours,
  startGatedCluster,
  type GatedCluster,
} from '../fixtures/gated-cluster.ts';
import { makePersonalToken, type TokenChoice } from '../fixtures/personal-token.ts';
import { startPipelinesApi, type PipelinesApi } from '../fixtures/pipelines-api.ts';
import { ScriptedBrowser } from '../fixtures/scripted-browser.ts';
import { requestToken, serviceAccount } from '../fixtures/service-account-bed.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { kubeflowUser } from '../neighbours/dex-config.ts';
import {
  callKfp,
  type KfpCredentials,
  type KfpOrder,
  type KfpOutcome,
} from '../neighbours/kfp-sdk.ts';
import { plainRequest } from '../neighbours/plain-request.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';

/** What Kubeflow's PodDefault `access-ml-pipeline` mounts. */
const PIPELINES_AUDIENCE = 'pipelines.kubeflow.org';
const ACCOUNT = 'system:serviceaccount:team-a:default-editor';
const OWNER_OF_B = 'owner@example.com';
const ofTeamA = { namespace: 'team-a' };
const listRuns = (namespace: string) => ['list_runs', { namespace }] as const;
const run = (parameters: Readonly<Record<string, string>>) => ['run_greeting', parameters] as const;
const runIn = (namespace: string) => run({ experiment_name: 'greetings', namespace });

describeWith([...clusterNeighbours, 'kfp-2.17.0'], 'the SDK of Kubeflow Pipelines', () => {
  const stack = new AsyncDisposableStack();
  let api: PipelinesApi;
  let cluster: GatedCluster;
  let browser: ScriptedBrowser;
  let directory: string;
  beforeAll(async () => {
    api = stack.use(await startPipelinesApi(mayUse));
    cluster = stack.use(
      await startGatedCluster(api.port, {
        namespaces: ['team-a', 'team-b'],
        config: { tokens: { serviceAccounts: { pipelinesAudience: true } } },
      }),
    );
    browser = stack.use(new ScriptedBrowser());
    directory = await makeScratchDirectory('tokens');
    stack.defer(() => removeScratchDirectory(directory));
    const { client } = cluster.server;
    await client.create(serviceAccount('default-editor'));
    const person = bindingOf(kubeflowUser.email, 'team-a');
    await client.create(person);
    const [kind, name, namespace] = ['ServiceAccount', 'default-editor', 'team-a'];
    await client.create({
      ...{ ...person, metadata: { name: 'of-the-account', namespace } },
      subjects: [{ kind, name, namespace }],
    });
    const token = await tokenOfPod();
    await pollUntil('the gateway knows the account and its binding', async () => {
      const headers = { authorization: `Bearer ${token}` };
      const url = `${cluster.gateway.url}/pipeline/apis/v2beta1/runs?namespace=team-a`;
      return (await plainRequest(url, { headers })).status === 200;
    });
  });
  afterAll(() => stack.disposeAsync());

  const tokenOfPod = (audience = PIPELINES_AUDIENCE) =>
    requestToken(cluster.server, serviceAccount('default-editor'), { audiences: [audience] });

  function call(
    credentials: KfpCredentials,
    calls: KfpOrder['calls'],
    more: Partial<KfpOrder> = {},
  ): Promise<readonly KfpOutcome[]> {
    return callKfp({ host: `${cluster.gateway.url}/pipeline`, credentials, calls, ...more });
  }

  async function personal(choice: TokenChoice = {}): Promise<KfpCredentials> {
    const token = await makePersonalToken(cluster.gateway, browser, choice);
    return { kind: 'existing_token', token };
  }

  async function fileWith(token: string): Promise<string> {
    const path = join(directory, 'token');
    await writeFile(path, token);
    return path;
  }

  it('lists and creates runs where the person may, and says plainly where they may not', async () => {
    const calls = [runIn('team-a'), listRuns('team-a'), listRuns('team-b'), runIn('team-b')];
    const [made, listed, ...refused] = await call(await personal(), calls);
    expect(made?.raised).toBeUndefined();
    expect(runsIn(listed?.result)).toContainEqual(made?.result);
    for (const { raised } of refused) {
      expect(raised).toMatchObject({ type: 'ApiException', status: 403, reason: 'Forbidden' });
      expect(problemIn(raised)).toMatchObject({ code: 'namespace_forbidden' });
      expect(raised?.text).toContain('team-b');
    }
    expect(api.callers.at(-1)?.userIds).toEqual([kubeflowUser.email]);
  });

  it('shows what Pipelines itself refuses as Pipelines says it', async () => {
    const experiment_id = await experimentOfTeamB(api);
    const [refused] = await call(await personal(), [run({ experiment_id })]);
    expect(refused?.raised).toMatchObject({ type: 'ApiException', status: 403 });
    expect(problemIn(refused?.raised)).toMatchObject({ code: 7 });
    expect(refused?.raised?.text).toContain(`User '${kubeflowUser.email}' is not authorized`);
  });

  it('is held to the scope of a personal token', async () => {
    const calls = [listRuns('team-a'), runIn('team-a')];
    const limits: readonly (readonly [TokenChoice, string | undefined])[] = [
      [{ effect: 'read' }, 'insufficient_scope'],
      // A run is created in an experiment: its request shows no namespace.
      [{ namespaces: 'team-a' }, 'token_namespace_unseen'],
      [{ namespaces: 'team-a', classes: 'pipelines', beyond: ALL_MINE }, undefined],
    ];
    for (const [choice, code] of limits) {
      const [listed, made] = await call(await personal(choice), calls, ofTeamA);
      expect(listed?.raised, JSON.stringify(choice)).toBeUndefined();
      expect(problemIn(made?.raised)?.['code'], JSON.stringify(choice)).toBe(code);
    }
    // Without a namespace of its own the client asks for the health first.
    const [atOnce] = await call(await personal({ namespaces: 'team-a' }), calls);
    expect(atOnce?.raised).toBeUndefined();
    const [listed] = await call(await personal({ classes: 'notebooks' }), calls, ofTeamA);
    expect(problemIn(listed?.raised)).toMatchObject({ code: 'insufficient_scope' });
  });

  it('reads the token that a PodDefault mounts, by its credentials class and by its environment', async () => {
    const path = await fileWith(await tokenOfPod());
    const calls = [runIn('team-a'), listRuns('team-a'), listRuns('team-b')];
    const env = { KF_PIPELINES_SA_TOKEN_PATH: path };
    for (const outcomes of [
      await call({ kind: 'volume', path }, calls),
      await call({ kind: 'volume' }, calls, { env }),
    ]) {
      const [made, listed, refused] = outcomes;
      expect(made?.raised).toBeUndefined();
      expect(runsIn(listed?.result)).toContainEqual(made?.result);
      expect(problemIn(refused?.raised)).toMatchObject({ code: 'namespace_forbidden' });
    }
    expect(api.callers.at(-1)?.userIds).toEqual([ACCOUNT]);
  });

  it('takes a file with a token for the gateway itself, and one with what the kubelet renewed', async () => {
    const path = await fileWith(`${await tokenOfPod('kubeflow-auth-gateway')}\n`);
    const first = await call({ kind: 'volume', path }, [listRuns('team-a')]);
    await fileWith(await tokenOfPod());
    const second = await call({ kind: 'volume', path }, [listRuns('team-a')]);
    for (const [listed] of [first, second]) expect(listed?.raised).toBeUndefined();
  });

  it('is told what is wrong with its token', async () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['kfgw_of-nobody', 'invalid_token'],
      [await tokenOfPod('another-application'), 'token_audience'],
    ];
    for (const [token, code] of wrong) {
      const credentials = { kind: 'existing_token', token } as const;
      const [listed] = await call(credentials, [listRuns('team-a')], ofTeamA);
      expect(listed?.raised).toMatchObject({ type: 'ApiException', status: 401 });
      expect(problemIn(listed?.raised)).toMatchObject({ code });
      expect(listed?.raised?.text).not.toContain(token);
    }
  });

  it('has a token of Pipelines that opens nothing else', async () => {
    const headers = { authorization: `Bearer ${await tokenOfPod()}` };
    // That it is known by now changes nothing (GHSA-qvp4-rpmr-xwrr: a cache that knew no limits).
    const runs = `${cluster.gateway.url}/pipeline/apis/v2beta1/runs?namespace=team-a`;
    expect((await plainRequest(runs, { headers })).status).toBe(200);
    for (const path of ['/', '/jupyter/api/namespaces/team-a/notebooks', '/notebook/team-a/lab/']) {
      const answer = await plainRequest(`${cluster.gateway.url}${path}`, { headers });
      expect(answer.status, path).toBe(403);
      expect(answer.body).toContain('insufficient_scope');
    }
  });

  it('is one caller to Pipelines, by the identity header alone', () => {
    expect(api.callers.length).toBeGreaterThan(20);
    for (const { userIds, authorizations } of api.callers) {
      expect(userIds).toHaveLength(1);
      expect(authorizations).toEqual([]);
    }
  });
});

const ALL_MINE = 'pipelines:all-my-namespaces';

/** As the API server's own RBAC would have it. */
function mayUse(userId: string, namespace: string): boolean {
  if (userId === OWNER_OF_B) return namespace === 'team-b';
  return [kubeflowUser.email, ACCOUNT].includes(userId) && namespace === 'team-a';
}

/** Made by somebody else, past the gateway. */
async function experimentOfTeamB({ port }: PipelinesApi): Promise<string> {
  const { body } = await plainRequest(
    `http://127.0.0.1:${port}/pipeline/apis/v2beta1/experiments`,
    {
      method: 'POST',
      headers: { 'kubeflow-userid': OWNER_OF_B },
      body: JSON.stringify({ display_name: 'theirs', namespace: 'team-b' }),
    },
  );
  return (JSON.parse(body) as { experiment_id: string }).experiment_id;
}

function runsIn(list: unknown): readonly unknown[] {
  return (list as { readonly runs: readonly unknown[] }).runs;
}

/** The JSON in the answer that an exception is about. */
function problemIn(
  raised: { readonly body: string | null } | undefined,
): Readonly<Record<string, unknown>> | undefined {
  const body = raised?.body ?? undefined;
  return body === undefined ? undefined : (JSON.parse(body) as Readonly<Record<string, unknown>>);
}
