import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import type { BindingRecord, RoleRecord } from '../../src/access/rbac/rbac-records.ts';
import {
  kubeflowPolicyPath,
  readKubeflowPolicy,
} from '../fixtures/kubeflow-policy/kubeflow-policy.ts';
import { followPolicy } from '../fixtures/policy-follower.ts';
import { emptyPolicy, type AskedQuestion } from '../fixtures/rbac-policies.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startKubeApiServer, type KubeApiServer } from '../neighbours/kube-api-server.ts';
import type { KubeObject } from '../neighbours/kube-object.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { isAllowedBy, subjectsOf } from './reader-answers.ts';
import { reviewOf } from './review-of.ts';
import { questionsOf } from './role-questions.ts';
import { ServedPolicy } from './served-policy.ts';
import { plainly } from './served-type.ts';

/** A wrong answer is one, even when the next is right. */
const once = { retry: 0, timeout: 300_000 };
const QUESTIONS_OF_OTHERS = 6_000;

describeWith(
  ['etcd-3.6.16', 'kube-apiserver-1.36.3', 'kube-controller-manager-1.36.3', 'openssl'],
  "Kubeflow's roles, and the API server's own",
  () => {
    let server: KubeApiServer;
    let stored: KubeObject[];
    beforeAll(async () => {
      server = await startKubeApiServer({ aggregation: true });
      for (const object of readKubeflowPolicy('profile-crd.yaml')) {
        await server.client.create(object);
      }
      const roles = readKubeflowPolicy('cluster-roles.yaml');
      for (const role of roles) await server.client.create(role);
      stored = await pollUntil('all three are filled', () => readWhenFilled(server, roles), {
        withinMs: 30_000,
      });
    });
    afterAll(() => server.stop());

    it('are stored as the file says that others start from', async () => {
      const yaml = stored.map((role) => stringify(role, { singleQuote: true })).join('---\n');
      const head =
        '# Written by test/parity/kubeflow-roles.test.ts from what the real controller stored.\n';
      await expect(head + yaml).toMatchFileSnapshot(
        kubeflowPolicyPath('stored-cluster-roles.yaml'),
      );
    });

    it('allow and deny by the index what they do by SubjectAccessReview', once, async () => {
      await using follower = await followPolicy(server.kubeconfig());
      const index = new RbacIndex();
      const served = new ServedPolicy(server.client, index.sinks);
      await served.load();
      const { clusterroles } = served.whole();
      const readers = [index, follower.index];
      await served.become({ ...emptyPolicy, ...bindingsTo(clusterroles) }, plainly, readers);
      const questions = corpus(clusterroles);
      const differing: AskedQuestion[] = [];
      let allowed = 0;
      await Promise.all(
        questions.map(async (asked) => {
          const { implicitGroups } = subjectsOf(index, asked.asker);
          const review = await server.client.review(reviewOf(asked, implicitGroups));
          const isAllowed = review.kind === 'decided' && review.isAllowed;
          if (isAllowed) allowed++;
          const isSame = readers.every((reader) => isAllowedBy(reader, asked) === isAllowed);
          if (review.kind !== 'decided' || !isSame) differing.push(asked);
        }),
      );
      expect(differing).toEqual([]);
      expect(allowed).toBeGreaterThan(questions.length / 4);
      expect(allowed).toBeLessThan((questions.length * 3) / 4);
    });
  },
);

/** As they are stored, without what differs from one cluster to the next; undefined before the last copy. */
async function readWhenFilled(
  { client }: KubeApiServer,
  roles: readonly KubeObject[],
): Promise<KubeObject[] | undefined> {
  const stored: KubeObject[] = [];
  for (const { apiVersion, kind, metadata } of roles) {
    const role = await client.read({ apiVersion, kind, metadata });
    if (role === undefined) return undefined;
    const { name, labels } = role.metadata;
    stored.push({
      ...{ apiVersion, kind, metadata: { name, ...(labels === undefined ? {} : { labels }) } },
      rules: role['rules'],
    });
  }
  const rulesOf = (name: string): unknown[] =>
    stored.filter(({ metadata }) => metadata.name === name).flatMap(({ rules }) => rules ?? []);
  const admin = rulesOf('kubeflow-admin');
  const isWhole = stored.every(({ rules }) =>
    (rules as unknown[]).every((rule) => admin.some((copy) => isDeepStrictEqual(copy, rule))),
  );
  return admin.length > 0 && isWhole ? stored : undefined;
}

/** Each role to a user of its own in one namespace, and to a group of its own in the whole cluster. */
function bindingsTo(roles: readonly RoleRecord[]) {
  const binding = (name: string, namespace: string, kind: 'User' | 'Group'): BindingRecord => ({
    ...{ namespace, name: `test:${name}`, uid: '', roleRef: { kind: 'ClusterRole', name } },
    subjects: [{ kind, name: `${kind} of ${name}`, namespace: '' }],
  });
  return {
    rolebindings: roles.map(({ name }) => binding(name, 'ns1', 'User')),
    clusterrolebindings: roles.map(({ name }) => binding(name, '', 'Group')),
  };
}

function corpus(roles: readonly RoleRecord[]): AskedQuestion[] {
  const userOf = ({ name }: RoleRecord) => ({ user: `User of ${name}`, groups: [] });
  const memberOf = ({ name }: RoleRecord) => ({ user: 'alice', groups: [`Group of ${name}`] });
  const own = roles.flatMap((role) => [
    ...questionsOf(role, 'ns1').map((question) => ({ asker: userOf(role), question })),
    ...questionsOf(role, '').map((question) => ({ asker: memberOf(role), question })),
  ]);
  const random = new SeededRandom(own.length);
  const ofOthers = Array.from({ length: QUESTIONS_OF_OTHERS }, () => ({
    asker: random.chance(50) ? userOf(random.pick(roles)) : memberOf(random.pick(roles)),
    question: random.pick(own).question,
  }));
  return [...own, ...ofOthers];
}
