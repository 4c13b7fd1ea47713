// The API server is killed, forgets and is emptied while bindings change, and the index follows: it is never more
// generous than both the policy before and the policy after, and in the end it is right.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import { silentMetrics, type Metrics } from '../../src/kernel/metrics.ts';
import { actionOf } from '../fixtures/rbac-alphabet.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import {
  followPolicy,
  gatewayUser,
  letGatewayRead,
  type PolicyFollower,
} from '../fixtures/policy-follower.ts';
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startKubeApiServer, type KubeApiServer } from '../neighbours/kube-api-server.ts';
import type { KubeObject } from '../neighbours/kube-object.ts';
import { writeKubeconfig } from '../neighbours/kubeconfig.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';
import { startTcpRelay } from '../neighbours/tcp-relay.ts';
import { AnswerWatch } from './answer-watch.ts';
import { isAllowedBy } from './reader-answers.ts';
import { reviewOf } from './review-of.ts';
import { ServedPolicy } from './served-policy.ts';

/** A wrong answer is one, even when the next is right. */
const once = { retry: 0, timeout: 300_000 };
const RBAC = 'rbac.authorization.k8s.io';
const users = Array.from({ length: 40 }, (_, at) => `user-${at}`);
const questions = new Map<string, AskedQuestion>(
  users.map((user) => [
    user,
    {
      asker: { user, groups: [] },
      question: { action: actionOf('get', '', 'pods', ''), namespace: 'ns1', name: '' },
    },
  ]),
);

const cleanups = new Cleanups();
afterEach(cleanups.run);

describeWith(['etcd-3.6.16', 'kube-apiserver-1.36.3', 'openssl'], 'a followed API server', () => {
  let server: KubeApiServer;
  let served: ServedPolicy;
  const relists = new Map<string, number>();
  const metrics: Metrics = {
    ...silentMetrics,
    increment: (name, labels) => {
      if (name !== 'kfgw_rbac_relists_total') return;
      const { reason = '' }: Partial<Record<string, string>> = labels;
      relists.set(reason, (relists.get(reason) ?? 0) + 1);
    },
  };

  beforeEach(async () => {
    relists.clear();
    server = await startKubeApiServer({ users: [gatewayUser] });
    cleanups.add(() => server.stop());
    await setUp();
    for (const user of users.slice(0, 20)) await server.client.create(bindingOf(user));
  });

  it(
    'is followed over its sudden end and its return, twice, while bindings change',
    once,
    async () => {
      const follower = await follow(server.kubeconfig(gatewayUser.name));
      const random = new SeededRandom(4);
      for (let round = 0; round < 2; round++) {
        await expectNothingOdd(follower, async (before) => {
          const changing = random.shuffled(users).slice(0, 20);
          // Which of these the server still takes is for it to say, afterwards.
          const attempts = changing.map((user) => toggle(user, before).catch(() => undefined));
          await attempts[random.below(20)];
          await server.restart('kept', 'SIGKILL');
          await Promise.all(attempts);
        });
      }
    },
  );

  it('is loaded anew when it no longer knows what has changed meanwhile', once, async () => {
    await using relay = await startTcpRelay(server.port);
    const directory = await makeScratchDirectory('kubeconfig');
    cleanups.add(() => removeScratchDirectory(directory));
    const file = join(directory, 'config.json');
    const url = `https://127.0.0.1:${relay.port}`;
    await writeKubeconfig(file, { ...server.access(gatewayUser.name), url });
    const follower = await follow(file);
    await expectNothingOdd(follower, async (before) => {
      relay.cut();
      await Promise.all(users.map((user) => toggle(user, before)));
      await server.etcd.compact();
      await server.restart('kept', 'SIGKILL');
      relay.mend();
    });
    expect(relists.get('gone')).toBeGreaterThan(0);
  });

  it('is forgotten when it comes back with nothing it had', once, async () => {
    const follower = await follow(server.kubeconfig(gatewayUser.name));
    // Its versions begin again below those that are known.
    for (let lap = 0; lap < 10; lap++) {
      await Promise.all(users.slice(0, 20).map((user) => touch(user, lap)));
    }
    await expectNothingOdd(follower, async () => {
      await server.restart('lost', 'SIGKILL');
      await setUp();
      for (const user of users.slice(10, 30)) await server.client.create(bindingOf(user));
    });
  });

  async function setUp(): Promise<void> {
    served = new ServedPolicy(server.client, new RbacIndex().sinks);
    await letGatewayRead(server.client);
    await served.load();
  }

  async function follow(kubeconfig: string): Promise<PolicyFollower> {
    const follower = await followPolicy(kubeconfig, metrics);
    cleanups.add(() => follower[Symbol.asyncDispose]());
    return follower;
  }

  /**
   * Of every user, at any time, the answer is that of the policy before or after, and once it is the
   * latter it stays. In the end it is the one that the server gives.
   */
  async function expectNothingOdd(
    { index }: PolicyFollower,
    change: (before: ReadonlySet<string>) => Promise<void>,
  ): Promise<void> {
    await served.seenBy([index]);
    const before = await boundUsers();
    const watch = new AnswerWatch(index, questions);
    cleanups.add(() => watch.end());
    await change(before);
    await served.seenBy([index]);
    const after = await boundUsers();
    const expected = users.map((user) => {
      const [was, is] = [before.has(user), after.has(user)];
      return [user, was === is ? [is] : [was, is]] as const;
    });
    expect(watch.end()).toEqual(new Map(expected));
    for (const [user, asked] of questions) {
      const review = await server.client.review(reviewOf(asked, ['system:authenticated']));
      expect(review).toEqual({ kind: 'decided', isAllowed: after.has(user) });
      expect(isAllowedBy(index, asked)).toBe(after.has(user));
    }
  }

  async function boundUsers(): Promise<ReadonlySet<string>> {
    const bindings = await server.client.list(`/apis/${RBAC}/v1/namespaces/ns1/rolebindings`);
    return new Set(bindings.map(({ metadata }) => metadata.name));
  }

  function toggle(user: string, before: ReadonlySet<string>): Promise<unknown> {
    const binding = bindingOf(user);
    const { client } = server;
    return before.has(user) ? client.remove(binding) : client.create(binding);
  }

  function touch(user: string, lap: number): Promise<unknown> {
    const metadata = { annotations: { lap: String(lap) } };
    return server.client.patch(bindingOf(user), { metadata });
  }
});

function bindingOf(user: string): KubeObject {
  return {
    ...{ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding' },
    metadata: { name: user, namespace: 'ns1' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'system:aggregate-to-view' },
    subjects: [{ kind: 'User', name: user }],
  };
}
