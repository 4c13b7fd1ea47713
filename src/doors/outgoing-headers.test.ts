import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainHygiene, questionFor, routeThat, rulesThat } from '../../test/fixtures/questions.ts';
import { ScriptedSessions } from '../../test/fixtures/scripted-sessions.ts';
import { ScriptedTokens } from '../../test/fixtures/scripted-tokens.ts';
import {
  createUpstreamTable,
  type Upstream,
  type UpstreamOptions,
} from '../access/upstream-table.ts';
import { decide, type Permit, type Public, type Question } from '../decide.ts';
import { outgoingHeaders, upgradeHeaders } from './outgoing-headers.ts';

function upstreamWith(options: Partial<UpstreamOptions>): Upstream {
  const url = 'http://application.test';
  const common = {
    prefix: '/',
    url,
    access: 'authenticated',
    connectTimeoutMs: 1,
    responseTimeoutMs: 1,
  } as const;
  const [upstream] = createUpstreamTable([{ ...common, ...options }]).upstreams;
  if (upstream === undefined) throw new Error('no upstream');
  return upstream;
}

function permissionFor(access: 'authenticated' | 'public'): Permit | Public {
  const sessions = new ScriptedSessions();
  sessions.begin('mine', 'user@example.com', 'team-a');
  const authentication = sessions.authenticate('mine');
  if (authentication instanceof Promise) throw new Error('not cached');
  const match = { kind: 'route', route: routeThat({ kind: access }) } as const;
  const rules = rulesThat({ kind: 'allowed', grant: { binding: undefined } });
  const outcome = decide({ ...questionFor('/app'), match }, authentication, rules);
  if (outcome.kind !== 'permit' && outcome.kind !== 'public') throw new Error(outcome.kind);
  return outcome;
}

function permissionByToken(token: string): Permit | Public {
  const tokens = new ScriptedTokens();
  tokens.accept(token, 'user@example.com');
  const outcome = decide(
    questionFor('/app'),
    tokens.recheck(token),
    rulesThat({ kind: 'allowed', grant: { binding: undefined } }),
  );
  if (outcome.kind !== 'permit') throw new Error(outcome.kind);
  return outcome;
}

const identityNames =
  /^(kubeflow|kubeflow-userid|kubeflow-groups|x-kfgw-.*|x-forwarded-(user|email|groups))$/;

describe('headers towards an application', () => {
  it('name the caller as the permit does, whatever the client sends', () => {
    const name = fc.constantFrom(
      ...[
        'kubeflow-userid',
        'Kubeflow-UserID',
        'KUBEFLOW-GROUPS',
        'x-kfgw-assertion',
        'X-Kfgw-Other',
      ],
      ...[
        'X-Forwarded-User',
        'x-forwarded-for',
        'Connection',
        'X-A',
        'x-a',
        'Accept',
        'constructor',
      ],
    );
    const value = fc.constantFrom(
      'admin@example.com',
      'kubeflow-userid',
      'x-kfgw-assertion, x-a',
      '',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (pairs) => {
        const asked = questionFor('/app', pairs.flat());
        const headers = outgoingHeaders(
          asked,
          permissionFor('authenticated'),
          upstreamWith({}),
          plainHygiene,
        );
        const identity = Object.entries(headers).filter(([key]) => identityNames.test(key));
        expect(Object.fromEntries(identity)).toEqual({
          'kubeflow-userid': 'user@example.com',
          'kubeflow-groups': 'team-a',
        });
        expect(Object.keys(headers).every((key) => key === key.toLowerCase())).toBe(true);
        const open = outgoingHeaders(
          asked,
          permissionFor('public'),
          upstreamWith({}),
          plainHygiene,
        );
        expect(Object.keys(open).filter((key) => identityNames.test(key))).toEqual([]);
      }),
    );
  });

  it('keep repeated values in order, beside names that objects have by birth', () => {
    const pairs = ['X-A', '1', 'constructor', 'c', 'x-a', '2', '__proto__', 'p', 'X-A', '3'];
    const headers = outgoingHeaders(
      questionFor('/app', pairs),
      permissionFor('public'),
      upstreamWith({}),
      plainHygiene,
    );
    const entries = new Map(Object.entries(headers));
    expect(entries.get('x-a')).toEqual(['1', '2', '3']);
    expect(entries.get('constructor')).toBe('c');
    expect(entries.get('__proto__')).toBe('p');
  });

  it('carry the assertion where the application is configured to get it, and only with a permit', () => {
    const upstream = upstreamWith({ sendAssertion: true });
    const of = (permission: Permit | Public) =>
      outgoingHeaders(questionFor('/app'), permission, upstream, plainHygiene)['x-kfgw-assertion'];
    expect(of(permissionFor('authenticated'))).toBe('assertion-of-user@example.com');
    expect(of(permissionFor('public'))).toBeUndefined();
  });

  it('carry the Authorization header only where the application or its row of the catalogue gets it', () => {
    const asked = questionFor('/app', ['Authorization', 'Basic dTpw']);
    const route = routeThat({ kind: 'public' }, { passAuthorization: true });
    const onRow: Question = { ...asked, match: { kind: 'route', route } };
    const of = (question: Question, passAuthorization: boolean) =>
      outgoingHeaders(
        question,
        permissionFor('public'),
        upstreamWith({ passAuthorization }),
        plainHygiene,
      ).authorization;
    expect(of(asked, false)).toBeUndefined();
    expect(of(asked, true)).toBe('Basic dTpw');
    expect(of(onRow, false)).toBe('Basic dTpw');
  });

  it.each(['pipelines', 'registry'])(
    'carry no Authorization to %s, whatever the entry of the application says',
    (name) => {
      const asked = questionFor('/app', ['Authorization', 'Basic dTpw']);
      const of = (routeClass: string) => {
        const route = routeThat({ kind: 'authenticated' }, { class: routeClass });
        const question: Question = { ...asked, match: { kind: 'route', route } };
        const upstream = upstreamWith({ passAuthorization: true });
        const permission = permissionFor('authenticated');
        return outgoingHeaders(question, permission, upstream, plainHygiene).authorization;
      };
      expect(of('notebooks')).toBe('Basic dTpw');
      expect(of(name)).toBeUndefined();
    },
  );

  it("carry the caller's own token only where a row of the catalogue says so", () => {
    const asked = questionFor('/app', ['Authorization', 'Bearer good']);
    const permission = permissionByToken('good');
    const of = (passOnRow: boolean, passAuthorization: boolean) => {
      const route = routeThat({ kind: 'authenticated' }, { passAuthorization: passOnRow });
      const question: Question = { ...asked, match: { kind: 'route', route } };
      const upstream = upstreamWith({ passAuthorization });
      return outgoingHeaders(question, permission, upstream, plainHygiene).authorization;
    };
    expect(of(false, false)).toBeUndefined();
    expect(of(false, true)).toBeUndefined();
    expect(of(true, false)).toBe('Bearer good');
  });

  it('carry no bearer token to a public row either, where nobody has looked at it', () => {
    const asked = questionFor('/app', ['Authorization', 'Bearer kfgw_somebody']);
    const of = (passOnRow: boolean) => {
      const route = routeThat({ kind: 'public' }, { passAuthorization: passOnRow });
      const question: Question = { ...asked, match: { kind: 'route', route } };
      const upstream = upstreamWith({ passAuthorization: true });
      return outgoingHeaders(question, permissionFor('public'), upstream, plainHygiene)
        .authorization;
    };
    expect(of(false)).toBeUndefined();
    expect(of(true)).toBe('Bearer kfgw_somebody');
  });

  it('ask for a WebSocket as a flat list', () => {
    const list = upgradeHeaders({ host: 'gateway', 'x-a': ['1', '2'] });
    expect(list).toEqual([
      ...['connection', 'Upgrade', 'upgrade', 'websocket'],
      ...['host', 'gateway', 'x-a', '1', 'x-a', '2'],
    ]);
  });
});
