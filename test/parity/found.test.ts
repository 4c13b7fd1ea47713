import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import { oracleAllows } from '../fixtures/rbac-oracle.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { startKubeApiServer, type KubeApiServer } from '../neighbours/kube-api-server.ts';
import { fill } from './fill.ts';
import { caseJson, readCases, type RecordedCase } from './parity-case.ts';
import { isAllowedBy, subjectsOf } from './reader-answers.ts';
import { reviewOf } from './review-of.ts';
import { ServedPolicy } from './served-policy.ts';
import { plainly } from './served-type.ts';

const directory = join(import.meta.dirname, 'found');
const cases = readdirSync(directory).flatMap((file) =>
  readCases(JSON.parse(readFileSync(join(directory, file), 'utf8'))),
);
const rows = cases.map((recorded) => [recorded.about, recorded] as const);

describe('for the index and the oracle', () => {
  it.each(rows)('%s', (_, { policy, asked, isAllowed }) => {
    const index = new RbacIndex();
    fill(index.sinks, policy);
    expect(isAllowedBy(index, asked)).toBe(isAllowed);
    const { implicitGroups } = subjectsOf(index, asked.asker);
    const asker = { ...asked.asker, groups: [...asked.asker.groups, ...implicitGroups] };
    expect(oracleAllows(policy, asker, asked.question)).toBe(isAllowed);
  });

  it('a case is the same after it was written and read', () => {
    expect(readCases(JSON.parse(JSON.stringify(cases.map(caseJson))))).toEqual(cases);
  });
});

describeWith(['etcd-3.6.16', 'kube-apiserver-1.36.3', 'openssl'], 'for an API server', () => {
  let server: KubeApiServer;
  let served: ServedPolicy;
  beforeAll(async () => {
    server = await startKubeApiServer();
    served = new ServedPolicy(server.client, new RbacIndex().sinks);
    await served.load();
  });
  afterAll(() => server.stop());

  it.each(rows)('%s', async (_, { policy, asked, isAllowed }: RecordedCase) => {
    await served.become(policy, plainly);
    expect(served.refused).toBe(0);
    const { implicitGroups } = subjectsOf(new RbacIndex(), asked.asker);
    const review = await server.client.review(reviewOf(asked, implicitGroups));
    expect(review).toEqual({ kind: 'decided', isAllowed });
  });
});
