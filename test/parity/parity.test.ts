import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import type { RoleRecord } from '../../src/access/rbac/rbac-records.ts';
import type { RecordSink } from '../../src/access/rbac/record-sink.ts';
import { followPolicy, gatewayUser, letGatewayRead } from '../fixtures/policy-follower.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startKubeApiServer } from '../neighbours/kube-api-server.ts';
import { caseJson } from './parity-case.ts';
import { runParity } from './parity-run.ts';

/** Another seed would hide what the first has found. */
const once = { retry: 0, timeout: 300_000 };

describeWith(['etcd-3.6.16', 'kube-apiserver-1.36.3', 'openssl'], 'the index', () => {
  it('answers as SubjectAccessReview does, fed by hand and by watching alike', once, async () => {
    const seed = randomInt(2 ** 31);
    await using server = await startKubeApiServer({ users: [gatewayUser] });
    await letGatewayRead(server.client);
    await using follower = await followPolicy(server.kubeconfig(gatewayUser.name));
    const { client } = server;
    const followers = [follower.index];
    const result = await runParity({ client, seed, questions: 30_000, followers });
    expect(result.found.map(caseJson), `seed ${seed}`).toEqual([]);
    expect(result).toMatchObject({ asked: 30_000, differed: 0 });
    // Neither is trivial: much is allowed, and hardly anything is refused by validation.
    expect(result.allowed).toBeGreaterThan(3_000);
    expect(result.refusedObjects + result.refusedQuestions).toBeLessThan(1_000);
  });

  it('is seen to differ where it does, by a case that is small', async () => {
    await using server = await startKubeApiServer();
    const { client } = server;
    const plan = { client, seed: 11, questions: 30_000, makeIndex: forgetful };
    const result = await runParity({ ...plan, stopsAtFirst: true });
    expect(result.found.length).toBeGreaterThan(0);
    for (const { policy } of result.found) {
      const roles = [...policy.roles, ...policy.clusterroles];
      expect(roles.map(({ rules }) => rules.length)).toEqual([1]);
      expect(roles[0]?.rules[0]?.resourceNames).not.toEqual([]);
      expect([...policy.rolebindings, ...policy.clusterrolebindings]).toHaveLength(1);
    }
  });
});

/** Takes every name for any name, as an index would that does not read resourceNames. */
function forgetful() {
  const index = new RbacIndex();
  const { roles, clusterroles } = index.sinks;
  const sinks = { ...index.sinks, roles: namesLost(roles), clusterroles: namesLost(clusterroles) };
  return { reader: index, sinks };
}

function namesLost(sink: RecordSink<RoleRecord>): RecordSink<RoleRecord> {
  const lost = (role: RoleRecord): RoleRecord => ({
    ...role,
    rules: role.rules.map((rule) => ({ ...rule, resourceNames: [] })),
  });
  return {
    begin: () => {
      const generation = sink.begin();
      return {
        add: (role) => {
          generation.add(lost(role));
        },
        commit: () => {
          generation.commit();
        },
      };
    },
    upsert: (role) => {
      sink.upsert(lost(role));
    },
    remove: (key) => {
      sink.remove(key);
    },
  };
}
