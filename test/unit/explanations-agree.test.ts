// What an explanation says, and what the gateway decides: the same, for every route and person.
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { IndexAuthorizer } from '../../src/access/authorizer.ts';
import type { RouteMatcher } from '../../src/access/catalogue/route-matcher.ts';
import { explainAsked } from '../../src/access/explain/explain-asked.ts';
import { loadManifests } from '../../src/access/manifests/load-manifests.ts';
import type { PolicyState } from '../../src/access/policy-source.ts';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import { decide, type Outcome } from '../../src/decide.ts';
import type { Identity } from '../../src/identity/authentication.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { plainHygiene, questionFor } from '../fixtures/questions.ts';
import { judge } from '../fixtures/shipped-catalogue.ts';
import { readRouteVectors, type RouteVector } from '../vectors/route-vectors.ts';

const index = new RbacIndex();
beforeAll(async () => {
  const directory = join(import.meta.dirname, '..', '..', 'config', 'demo-policy');
  expect(await loadManifests(directory, index.sinks)).toEqual({ kind: 'loaded' });
});

const people: readonly Principal[] = [
  { userId: 'user@example.com', groups: [] },
  { userId: 'viewer@example.com', groups: ['viewers'] },
  { userId: 'nobody@example.com', groups: [] },
  { userId: 'system:serviceaccount:team-a:default-editor', groups: [] },
  { userId: 'root', groups: ['system:masters'] },
];
const current: PolicyState = { kind: 'current' };
const states: readonly PolicyState[] = [
  current,
  { kind: 'loading', missing: ['roles'] },
  { kind: 'expired', stale: ['roles'] },
];
const modes = ['enforce', 'shadow'] as const;

/** Explanations know of no header but Host. */
const vectors = readRouteVectors().filter(({ headers }) => headers.length === 0);

interface Told {
  readonly decision: string;
  readonly reason?: string;
  readonly shadowed?: boolean;
}

interface Setting {
  readonly state: PolicyState;
  readonly mode: (typeof modes)[number];
}

function explained(vector: RouteVector, principal: Principal, { state, mode }: Setting): Told {
  const matcher: RouteMatcher = {
    match: () => {
      const match = judge(vector);
      return match.kind === 'route' ? match : { routeId: '', ...match };
    },
  };
  const { userId: user, groups } = principal;
  const { decision, reason, shadowed } = explainAsked(
    { user, groups, method: vector.method, url: vector.url },
    {
      ...{ matcher, rbac: index, policy: { state: () => state }, mode },
      ...{ hygiene: plainHygiene, random: systemRandom, host: vector.host },
    },
  );
  return {
    decision,
    ...(reason !== undefined && { reason }),
    ...(shadowed === true && { shadowed }),
  };
}

function decided(vector: RouteVector, principal: Principal, { state, mode }: Setting): Told {
  const match = judge(vector);
  if (match.kind === 'refused') return { decision: 'refused', reason: match.reason };
  const authorizer = new IndexAuthorizer({
    ...{ rbac: index, policy: { state: () => state } },
    ...{ isNew: () => false, note: () => undefined },
  });
  const identity: Identity = {
    principal,
    credential: { kind: 'session', sessionHandle: 's', person: 'p' },
    headers: [],
    assertion: () => '',
    markUsed: () => undefined,
  };
  const question = { ...questionFor('/'), match };
  const rules = { authorizer, mode, uninspected: 'refuse' } as const;
  return toldOf(decide(question, { kind: 'authenticated', identity }, rules));
}

function toldOf(outcome: Outcome): Told {
  switch (outcome.kind) {
    case 'public':
      return { decision: 'allowed' };
    case 'permit':
      return outcome.shadowed === undefined
        ? { decision: 'allowed' }
        : { decision: 'denied', reason: outcome.shadowed.reason, shadowed: true };
    case 'refuse':
      return { decision: 'denied', reason: outcome.reason };
    case 'inspect': {
      const forOthers = toldOf(outcome.check({ user: 'somebody@example.com' }));
      return forOthers.decision === 'denied' ? { ...forOthers, decision: 'depends' } : forOthers;
    }
    case 'unavailable':
      return { decision: 'unavailable', reason: outcome.reason };
    default:
      return { decision: outcome.kind };
  }
}

describe('an explanation', () => {
  it.each(vectors)('says what is decided: $area, $name', (vector) => {
    for (const principal of people) {
      for (const state of states) {
        for (const mode of modes) {
          const setting = { state, mode };
          expect(explained(vector, principal, setting), principal.userId).toEqual(
            decided(vector, principal, setting),
          );
        }
      }
    }
  });

  it('is held against routes of every kind and with every decision', () => {
    const setting = { state: current, mode: 'enforce' } as const;
    const decisions = vectors.flatMap((vector) =>
      people.map((principal) => decided(vector, principal, setting).decision),
    );
    expect([...new Set(decisions)].sort()).toEqual(['allowed', 'denied', 'depends', 'refused']);
    expect(decisions.filter((decision) => decision === 'denied').length).toBeGreaterThan(100);
  });
});
