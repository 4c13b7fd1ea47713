import fc from 'fast-check';
import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/fixtures/any-text.ts';
import { defaultClaimRules } from '../../test/fixtures/claim-rules.ts';
import { principalFromClaims, type ClaimRules } from './claims.ts';

const verified = { email: 'user@example.com', email_verified: true };

function rules(changes: Partial<ClaimRules>): ClaimRules {
  return { ...defaultClaimRules, ...changes };
}

function outcome(claims: Record<string, unknown>, chosen = defaultClaimRules): string {
  const result = principalFromClaims(claims, chosen);
  return result.kind === 'refused' ? result.reason : result.principal.userId;
}

describe('the user', () => {
  it('is the verified e-mail by default', () => {
    expect(principalFromClaims({ ...verified, groups: ['team-a'] }, defaultClaimRules)).toEqual({
      kind: 'principal',
      principal: { userId: 'user@example.com', groups: ['team-a'] },
      email: 'user@example.com',
      droppedGroups: 0,
    });
  });

  it.each([
    ['false', { email_verified: false }],
    ['the string "true"', { email_verified: 'true' }],
    ['the string "false"', { email_verified: 'false' }],
    ['1', { email_verified: 1 }],
    ['absent', {}],
    ['inherited', Object.create({ email_verified: true }) as object],
  ])('is refused when email_verified is %s', (_name, claims) => {
    const all = Object.assign(claims, { email: 'user@example.com' });
    expect(outcome(all)).toBe('email_not_verified');
    expect(outcome(all, rules({ insecureAllowUnverifiedEmail: true }))).toBe('user@example.com');
  });

  it.each([
    ['absent', undefined, 'user_claim_missing'],
    ['null', null, 'user_claim_missing'],
    ['empty', '', 'user_claim_missing'],
    ['a list', ['user@example.com'], 'user_claim_invalid'],
    ['a number', 7, 'user_claim_invalid'],
    ['an object', { email: 'a@b' }, 'user_claim_invalid'],
    ['two addresses in one', 'a@evil@corp', 'user_claim_invalid'],
    ['ending in a second @', 'a@corp@', 'user_claim_invalid'],
    ['with a comma', 'a,b@corp', 'user_claim_invalid'],
    ['with a line break', 'a@corp\r\nx: y', 'user_claim_invalid'],
    ['with NUL', 'a\0@corp', 'user_claim_invalid'],
    ['with a tab', 'a\t@corp', 'user_claim_invalid'],
    ['with DEL', 'a\u007f@corp', 'user_claim_invalid'],
    ['with a leading space', ' a@corp', 'user_claim_invalid'],
    ['with a trailing space', 'a@corp ', 'user_claim_invalid'],
    ['with a full-width @', 'a\uff20corp', 'user_claim_invalid'],
    ['with a homoglyph', '\u0430dmin@corp', 'user_claim_invalid'],
    ['endless', `${'a'.repeat(2_000)}@corp`, 'user_claim_invalid'],
    ["Kubernetes' own", 'system:admin', 'user_claim_reserved'],
    ["Kubernetes' own in capitals", 'SYSTEM:admin', 'user_claim_reserved'],
    ['a service account', 'system:serviceaccount:a:b', 'user_claim_reserved'],
  ])('is refused when the claim is %s', (_name, email, reason) => {
    expect(outcome({ email, email_verified: true })).toBe(reason);
  });

  it('keeps its case unless lower-casing is on', () => {
    const claims = { email: 'User@Example.COM', email_verified: true };
    expect(outcome(claims)).toBe('User@Example.COM');
    expect(outcome(claims, rules({ lowerCaseUser: true }))).toBe('user@example.com');
  });

  it('never becomes another ASCII name by lower-casing', () => {
    const kelvin = { email: 'mi\u212ae@corp', email_verified: true };
    expect(outcome(kelvin, rules({ allowNonAscii: true, lowerCaseUser: true }))).toBe(
      'mi\u212ae@corp',
    );
  });

  it('may be non-ASCII where that is allowed, but never invisible', () => {
    const chosen = rules({ allowNonAscii: true });
    const claims = (email: string) => ({ email, email_verified: true });
    expect(outcome(claims('jos\u00e9@corp'), chosen)).toBe('jos\u00e9@corp');
    for (const bad of ['\u200b', '\u202e', '\u2028', '\u0085', '\ud800', '\u00a0']) {
      expect(outcome(claims(`a@corp${bad}`), chosen)).toBe('user_claim_invalid');
    }
  });

  it('can come from another claim, nested or with dots in its name', () => {
    const claims = { sub: 's1', 'https://a.b/user': 'dotted', a: { b: 'nested' } };
    expect(outcome(claims, rules({ user: 'sub' }))).toBe('s1');
    expect(outcome(claims, rules({ user: 'https://a.b/user' }))).toBe('dotted');
    expect(outcome(claims, rules({ user: 'a.b' }))).toBe('nested');
    expect(outcome(claims, rules({ user: 'a.b.length' }))).toBe('user_claim_missing');
  });

  it('takes the verification that stands beside a nested e-mail', () => {
    const chosen = rules({ user: 'profile.email' });
    const profile = { email: 'n@corp' };
    expect(outcome({ profile, email_verified: true }, chosen)).toBe('email_not_verified');
    expect(outcome({ profile: { ...profile, email_verified: true } }, chosen)).toBe('n@corp');
  });

  it('is not found among inherited properties', () => {
    const parsed = JSON.parse('{"__proto__":{"sub":"polluted"}}') as Record<string, unknown>;
    expect(outcome(parsed, rules({ user: 'sub' }))).toBe('user_claim_missing');
    expect(outcome({}, rules({ user: '__proto__.sub' }))).toBe('user_claim_missing');
    expect(outcome({}, rules({ user: 'constructor.name' }))).toBe('user_claim_missing');
  });

  it('gets a prefix, and is refused when the two together are reserved', () => {
    expect(outcome(verified, rules({ userPrefix: 'oidc:' }))).toBe('oidc:user@example.com');
    const split = { email: 'tem:masters', email_verified: true };
    expect(outcome(split, rules({ userPrefix: 'sys' }))).toBe('user_claim_reserved');
    const hidden = { email: 'system:admin', email_verified: true };
    expect(outcome(hidden, rules({ userPrefix: 'oidc:' }))).toBe('user_claim_reserved');
  });
});

describe('the e-mail', () => {
  it('is left out when it is not verified or not well-formed, while another claim is the user', () => {
    const chosen = rules({ user: 'sub' });
    const email = (claims: Record<string, unknown>) => {
      const result = principalFromClaims({ sub: 's1', ...claims }, chosen);
      return result.kind === 'principal' ? result.email : result.reason;
    };
    expect(email(verified)).toBe('user@example.com');
    expect(email({ email: 'user@example.com' })).toBeUndefined();
    expect(email({ email: 'a@b@c', email_verified: true })).toBeUndefined();
    expect(email({})).toBeUndefined();
  });
});

describe('groups', () => {
  function groups(value: unknown, chosen = defaultClaimRules) {
    const result = principalFromClaims({ ...verified, groups: value }, chosen);
    if (result.kind === 'refused') throw new Error(result.reason);
    return [result.principal.groups, result.droppedGroups];
  }

  it('are kept in order, once each', () => {
    expect(groups(['b', 'a', 'b'])).toEqual([['b', 'a'], 0]);
  });

  it('that break a rule are dropped and counted, and never refuse the person', () => {
    const bad = ['cn=a,dc=b', 'a\nb', 'system:masters', 'System:x', ' a', '', 7, null, ['a'], 'é'];
    expect(groups(['good', ...bad])).toEqual([['good'], bad.length]);
  });

  it.each([
    ['a string', 'admins'],
    ['an object', { 0: 'admins' }],
    ['a number', 1],
    ['true', true],
  ])('are none when the claim is %s', (_name, value) => {
    expect(groups(value)).toEqual([[], 1]);
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['an empty list', []],
  ])('are none, and nothing was dropped, when the claim is %s', (_name, value) => {
    expect(groups(value)).toEqual([[], 0]);
  });

  it('can be nested and get a prefix, which cannot make a reserved name', () => {
    const nested = (groupsPrefix: string) => rules({ groups: 'realm_access.roles', groupsPrefix });
    const claims = { ...verified, realm_access: { roles: ['tem:masters', 'dev'] } };
    expect(principalFromClaims(claims, nested('kc:'))).toMatchObject({
      principal: { groups: ['kc:tem:masters', 'kc:dev'] },
    });
    expect(principalFromClaims(claims, nested('sys'))).toMatchObject({
      principal: { groups: ['sysdev'] },
      droppedGroups: 1,
    });
  });
});

describe('whatever a provider sends', () => {
  const text = fc.oneof(
    anyText,
    fc.string({
      unit: fc.constantFrom('a', '@', ',', ' ', '\r', '\n', '\0', ':', 'é', 'K', '\u212a'),
    }),
    fc.constantFrom('system:masters', 'user@example.com', ' user@example.com'),
  );
  const anyRules = fc.record({
    user: fc.constant('email'),
    userPrefix: text,
    lowerCaseUser: fc.boolean(),
    groups: fc.constant('groups'),
    groupsPrefix: text,
    allowNonAscii: fc.boolean(),
    insecureAllowUnverifiedEmail: fc.boolean(),
  });
  // What node:http puts on the wire for a UTF-8 header value.
  const onTheWire = (value: string) => Buffer.from(value, 'utf8').toString('latin1');

  it('an accepted user is one legal header value and no reserved name', () => {
    fc.assert(
      fc.property(text, anyRules, (email, chosen) => {
        const userId = outcome({ email, email_verified: true }, chosen);
        validateHeaderValue('kubeflow-userid', onTheWire(userId));
        expect(userId).not.toMatch(/^system:|,|^\s|\s$|^$/i);
      }),
    );
  });

  it('the groups of the header are the groups of the principal', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, fc.anything())), anyRules, (groups, chosen) => {
        const result = principalFromClaims({ ...verified, groups }, { ...chosen, userPrefix: '' });
        if (result.kind === 'refused') throw new Error(result.reason);
        const kept = result.principal.groups;
        const header = onTheWire(kept.join(','));
        validateHeaderValue('kubeflow-groups', header);
        if (kept.length > 0) {
          expect(Buffer.from(header, 'latin1').toString('utf8').split(',')).toEqual(kept);
        }
        expect(new Set(kept).size).toBe(kept.length);
        expect(kept.some((group) => /^system:/i.test(group))).toBe(false);
      }),
    );
  });
});
