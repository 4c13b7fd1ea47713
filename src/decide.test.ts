import { describe, expect, it } from 'vitest';
import { questionFor, routeThat, rulesThat } from '../test/fixtures/questions.ts';
import type { Answer } from './access/authorizer.ts';
import type { Demand } from './access/catalogue/matched-route.ts';
import type { ResourceQuestion } from './access/rbac/access-question.ts';
import type { Grant } from './access/rbac/rbac-reader.ts';
import {
  decide,
  Permit,
  Public,
  type AccessRules,
  type Inspection,
  type Outcome,
  type Question,
} from './decide.ts';
import type { Authentication, Identity } from './identity/authentication.ts';
import { parseTokenScope } from './identity/bearer/token-scope.ts';

const identity: Identity = {
  principal: { userId: 'user@example.com', groups: [] },
  credential: { kind: 'session', sessionHandle: 's1', person: 'p1' },
  headers: [['kubeflow-userid', 'user@example.com']],
  assertion: () => 'jwt',
  markUsed: () => undefined,
};
const signedIn: Authentication = { kind: 'authenticated', identity };
const others: readonly Authentication[] = [
  { kind: 'absent', reason: 'sign_in_required' },
  { kind: 'rejected', reason: 'invalid_token' },
  { kind: 'unavailable', reason: 'session_store_unavailable', retryAfterSec: 5 },
];

const getNotebook: ResourceQuestion = {
  action: { verb: 'get', group: 'kubeflow.org', resource: 'notebooks', subresource: '' },
  namespace: 'team-a',
  name: 'lab',
};
const rules = rulesThat({ kind: 'allowed', grant: { binding: undefined } });
const asked: Demand = { kind: 'questions', questions: [getNotebook] };
const grant: Grant = { binding: undefined };
const allowed: Answer = { kind: 'allowed', grant };
const denied: Answer = { kind: 'denied', question: getNotebook };
const provisioning: Answer = { kind: 'provisioning', retryAfterSec: 3 };
const loading: Answer = { kind: 'unavailable', reason: 'access_loading', retryAfterSec: 3 };

function question(change: Partial<Question> = {}): Question {
  return { ...questionFor('/app'), client: 'navigation', ...change };
}

function questionOn(demand: Demand, change: Partial<Question> = {}): Question {
  return question({ match: { kind: 'route', route: routeThat(demand) }, ...change });
}

function decideOn(demand: Demand, answer: Answer, change: Partial<AccessRules> = {}): Outcome {
  return decide(questionOn(demand), signedIn, rulesThat(answer, change));
}

describe('decide', () => {
  it('permits an identified caller and hands on the identity', () => {
    const outcome = decide(question(), signedIn, rules);
    expect(outcome).toBeInstanceOf(Permit);
    expect((outcome as Permit).identity).toBe(identity);
  });

  it('lets a public route win over every authentication, rejected and unavailable included', () => {
    const onPublic = questionOn({ kind: 'public' }, { isSameSite: false });
    for (const authentication of [signedIn, ...others]) {
      expect(decide(onPublic, authentication, rules)).toBeInstanceOf(Public);
    }
  });

  it('makes no permit of anything but an authenticated caller', () => {
    for (const authentication of others) {
      expect(decide(question(), authentication, rules)).not.toBeInstanceOf(Permit);
    }
  });

  it('refuses what another site asked with the cookie', () => {
    expect(decide(question({ isSameSite: false }), signedIn, rules)).toEqual({
      kind: 'refuse',
      reason: 'cross_site',
    });
  });

  it('never answers a rejected credential with a login', () => {
    const outcome = decide(question(), { kind: 'rejected', reason: 'invalid_token' }, rules);
    expect(outcome).toEqual({
      kind: 'challenge',
      reason: 'invalid_token',
      client: 'program',
      bearerError: 'invalid_token',
    });
  });

  it('takes a token for a program where no browser says which site it is from, and only there', () => {
    const credential = { kind: 'token', tokenHandle: 't1', scope: undefined } as const;
    const holder: Authentication = {
      kind: 'authenticated',
      identity: { ...identity, credential },
    };
    const foreign = { isSameSite: false };
    expect(decide(question(foreign), holder, rules)).toBeInstanceOf(Permit);
    expect(decide(question(foreign), signedIn, rules)).toMatchObject({ reason: 'cross_site' });
    for (const clue of [
      ['Origin', 'https://evil.example'],
      ['Sec-Fetch-Site', 'cross-site'],
    ]) {
      const fromPage = { ...questionFor('/app', clue), ...foreign };
      expect(decide(fromPage, holder, rules)).toMatchObject({ reason: 'cross_site' });
    }
  });

  it('refuses a request that two different people could have made', () => {
    const both: Authentication = { kind: 'conflict', reason: 'conflicting_credentials' };
    expect(decide(question(), both, rules)).toEqual({
      kind: 'refuse',
      reason: 'conflicting_credentials',
    });
  });

  describe('with a token of limited scope', () => {
    const scoped = (text: string): Authentication => {
      const scope = parseTokenScope(text);
      const credential = { kind: 'token', tokenHandle: 't1', scope } as const;
      return { kind: 'authenticated', identity: { ...identity, credential } };
    };
    const writing = question({
      match: {
        kind: 'route',
        route: routeThat(asked, { effect: 'write', namespace: 'team-a', class: 'notebooks' }),
      },
    });
    const outside = {
      kind: 'refuse',
      reason: 'insufficient_scope',
      bearerError: 'insufficient_scope',
    };

    it('asks RBAC where the scope reaches, and holds what it says', () => {
      const inScope = scoped('write class:notebooks namespace:team-a');
      expect(decide(writing, inScope, rules)).toBeInstanceOf(Permit);
      expect(decide(writing, inScope, rulesThat(denied))).toMatchObject({
        reason: 'namespace_forbidden',
      });
    });

    it.each(['read', 'write class:katib', 'write namespace:team-b'])(
      'refuses what is outside of "%s" whatever RBAC says, in shadow mode too',
      (text) => {
        for (const mode of ['enforce', 'shadow'] as const) {
          expect(decide(writing, scoped(text), rulesThat(allowed, { mode }))).toMatchObject(
            outside,
          );
        }
      },
    );

    it('refuses before a body is read, and before an unanswerable index is asked', () => {
      const inspect: Demand = { kind: 'inspect', check: 'workgroup_create', maxBytes: 1 };
      const route = routeThat(inspect, { effect: 'write' });
      const creating = question({ match: { kind: 'route', route } });
      expect(decide(creating, scoped('read'), rules)).toMatchObject(outside);
      expect(decide(writing, scoped('read'), rulesThat(loading))).toMatchObject(outside);
    });

    it('lets a public route win over its scope', () => {
      expect(
        decide(questionOn({ kind: 'public' }), scoped('read class:katib'), rules),
      ).toBeInstanceOf(Public);
    });
  });

  it('challenges an absent caller in the form that the client can use', () => {
    for (const client of ['navigation', 'frame', 'program'] as const) {
      const outcome = decide(
        question({ client }),
        { kind: 'absent', reason: 'session_ended' },
        rules,
      );
      expect(outcome).toEqual({ kind: 'challenge', reason: 'session_ended', client });
    }
  });

  it('is the only maker of a permit', () => {
    const forge = Permit as unknown as new (
      proof: symbol,
      identity: Identity,
      basis: object,
    ) => Permit;
    expect(() => new forge(Symbol('made by decide'), identity, {})).toThrow(TypeError);
  });
});

describe('a route that asks RBAC', () => {
  it('permits whom a binding allows, and tells which', () => {
    const outcome = decideOn(asked, allowed);
    expect(outcome).toBeInstanceOf(Permit);
    expect((outcome as Permit).grant).toBe(grant);
  });

  it('refuses whom none allows, with the question and the role that would be enough', () => {
    expect(decideOn(asked, denied)).toEqual({
      kind: 'refuse',
      reason: 'namespace_forbidden',
      access: {
        namespace: 'team-a',
        question: 'get notebooks.kubeflow.org/lab in namespace team-a',
        enoughRole: 'viewer',
      },
    });
  });

  it('tells a question about the whole cluster from one about a namespace', () => {
    const question = { ...getNotebook, namespace: '', name: '' };
    const outcome = decideOn(asked, { kind: 'denied', question });
    expect(outcome).toMatchObject({ kind: 'refuse', reason: 'cluster_forbidden' });
  });

  it('has the owner of a new namespace wait', () => {
    const reason = 'namespace_being_set_up';
    expect(decideOn(asked, provisioning)).toEqual({ ...provisioning, reason });
  });

  it('neither grants nor refuses while nobody can say', () => {
    expect(decideOn(asked, loading)).toEqual(loading);
  });

  it('asks nothing of RBAC before it is known who asks, nor for another site', () => {
    const ask = (): never => {
      throw new Error('asked');
    };
    const strict = rulesThat(allowed, { authorizer: { ask } });
    for (const authentication of others)
      expect(decide(questionOn(asked), authentication, strict)).not.toBeInstanceOf(Permit);
    const foreign = questionOn(asked, { isSameSite: false });
    expect(decide(foreign, signedIn, strict)).toMatchObject({ reason: 'cross_site' });
  });
});

describe('shadow mode', () => {
  const shadow = { mode: 'shadow' } as const;

  it('forwards what the namespace rules refuse, and says so', () => {
    const outcome = decideOn(asked, denied, shadow);
    expect(outcome).toBeInstanceOf(Permit);
    expect((outcome as Permit).shadowed).toMatchObject({
      reason: 'namespace_forbidden',
      access: { namespace: 'team-a' },
    });
    expect((outcome as Permit).grant).toBeUndefined();
    expect((decideOn(asked, provisioning, shadow) as Permit).shadowed).toEqual({
      reason: 'namespace_being_set_up',
      access: undefined,
    });
  });

  it('says nothing of what is allowed', () => {
    expect((decideOn(asked, allowed, shadow) as Permit).shadowed).toBeUndefined();
  });

  it('changes nothing else', () => {
    expect(decideOn(asked, loading, shadow)).toEqual(loading);
    const closed: Demand = { kind: 'deny', reason: 'route_denied' };
    expect(decideOn(closed, denied, shadow)).toEqual({ kind: 'refuse', reason: 'route_denied' });
    for (const authentication of others)
      expect(
        decide(questionOn(asked), authentication, rulesThat(denied, shadow)),
      ).not.toBeInstanceOf(Permit);
    const foreign = questionOn(asked, { isSameSite: false });
    expect(decide(foreign, signedIn, rulesThat(denied, shadow))).toMatchObject({
      reason: 'cross_site',
    });
  });
});

describe('a route that is closed', () => {
  it('is refused for everybody who is signed in, with the methods it would take', () => {
    const demand: Demand = { kind: 'deny', reason: 'method_not_allowed', allow: ['POST'] };
    const { reason, allow } = demand;
    expect(decideOn(demand, allowed)).toEqual({ kind: 'refuse', reason, allow });
    expect(decide(questionOn(demand), { kind: 'absent', reason: 'session_ended' }, rules)).toEqual({
      kind: 'challenge',
      reason: 'session_ended',
      client: 'navigation',
    });
  });

  it('is refused before anything else where the request is ambiguous', () => {
    const match = { kind: 'refused', reason: 'namespace_ambiguous', routeId: 'app' } as const;
    for (const authentication of [signedIn, ...others])
      expect(decide(question({ match }), authentication, rules)).toEqual({
        kind: 'refuse',
        reason: 'namespace_ambiguous',
      });
  });
});

describe('a route whose body decides', () => {
  const demand: Demand = { kind: 'inspect', check: 'workgroup_create', maxBytes: 65_536 };
  const inspect = (answer: Answer, change: Partial<AccessRules> = {}): Inspection => {
    const outcome = decideOn(demand, answer, change);
    if (outcome.kind !== 'inspect') throw new Error(outcome.kind);
    return outcome;
  };

  it('is inspected only for somebody who is signed in', () => {
    expect(inspect(denied).maxBytes).toBe(65_536);
    for (const authentication of others)
      expect(decide(questionOn(demand), authentication, rules)).not.toMatchObject({
        kind: 'inspect',
      });
  });

  it('permits what is for the caller', () => {
    const { userId } = identity.principal;
    expect(inspect(denied).check({ namespace: 'mine', user: userId })).toBeInstanceOf(Permit);
    expect(inspect(denied).check({ namespace: 'mine' })).toBeInstanceOf(Permit);
  });

  it('permits what is for somebody else only to those who may make Profiles', () => {
    const body = { namespace: 'theirs', user: 'other@example.com' };
    expect(inspect(allowed).check(body)).toBeInstanceOf(Permit);
    expect(inspect(denied).check(body)).toEqual({
      kind: 'refuse',
      reason: 'owner_is_someone_else',
    });
    expect(inspect(loading).check(body)).toEqual(loading);
  });

  it('is refused unread, unless configured', () => {
    expect(inspect(allowed).unread()).toEqual({ kind: 'refuse', reason: 'body_not_inspected' });
    expect(inspect(denied, { uninspected: 'allow' }).unread()).toBeInstanceOf(Permit);
  });
});
