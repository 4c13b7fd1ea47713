import { describe, expect, it } from 'vitest';
import { challengeOf, isCodeChallenge } from './pkce.ts';

describe('PKCE', () => {
  it('makes the challenge of the verifier in RFC 7636, appendix B', () => {
    const challenge = challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
    expect(challenge).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
    expect(isCodeChallenge(challenge ?? '')).toBe(true);
  });

  it.each(['', 'a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(43)}=`, 'ä'.repeat(43)])(
    'has no challenge for %j, which is no verifier',
    (verifier) => {
      expect(challengeOf(verifier)).toBeUndefined();
    },
  );

  it.each(['', 'a'.repeat(42), 'a'.repeat(44), `${'a'.repeat(42)}=`, `${'a'.repeat(42)}+`])(
    'takes %j for no challenge',
    (challenge) => {
      expect(isCodeChallenge(challenge)).toBe(false);
    },
  );
});
