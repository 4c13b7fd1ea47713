// The succession of refresh tokens, as a pure function of state, secret and time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../kernel/duration.ts';
import { firstRefreshState, rotate } from './refresh-rotation.ts';
import type { RefreshState } from './token-record.ts';

const start = 1_800_000_000_000;

function rotated(state: RefreshState, secret: string, salt: string, nowMs = start) {
  const rotation = rotate(state, secret, { nowMs, salt });
  if (rotation.kind !== 'rotated') throw new Error(rotation.kind);
  return rotation;
}

describe('a refresh token', () => {
  it('is followed by one that depends on it and on the salt, and can be told from neither', () => {
    const state = firstRefreshState('first');
    const one = rotated(state, 'first', 'salt');
    expect(one.secret).toMatch(/^[0-9A-Za-z]{43}$/);
    expect(rotated(state, 'first', 'other').secret).not.toBe(one.secret);
    expect(rotated(firstRefreshState('else'), 'else', 'salt').secret).not.toBe(one.secret);
    const known = JSON.stringify(one.next);
    for (const secret of ['first', one.secret]) expect(known).not.toContain(secret);
  });

  it.each([0, MINUTE_MS, -MINUTE_MS])(
    'is answered again %i ms later, with the same successor',
    (laterMs) => {
      const { next, secret } = rotated(firstRefreshState('first'), 'first', 'salt');
      const given = { nowMs: start + laterMs, salt: 'another' };
      expect(rotate(next, 'first', given)).toEqual({ kind: 'repeated', secret });
    },
  );

  it('is a reuse later', () => {
    const { next } = rotated(firstRefreshState('first'), 'first', 'salt');
    const given = { nowMs: start + MINUTE_MS + 1, salt: 'another' };
    expect(rotate(next, 'first', given)).toEqual({ kind: 'reused' });
  });

  it('is good while it is the last of its line; the one before is repeated, all others are reuses', () => {
    const length = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(length, fc.nat(), (steps, which) => {
        const secrets = ['first'];
        let state = firstRefreshState('first');
        for (let step = 0; step < steps; step++) {
          const { next, secret } = rotated(state, secrets.at(-1) ?? '', `salt-${step}`);
          secrets.push(secret);
          state = next;
        }
        const at = which % secrets.length;
        const { kind } = rotate(state, secrets[at] ?? '', { nowMs: start, salt: 'new' });
        const age = secrets.length - 1 - at;
        expect(kind).toBe(['rotated', 'repeated'][age] ?? 'reused');
      }),
    );
  });

  it('of nobody is a reuse', () => {
    const given = { nowMs: start, salt: 'salt' };
    expect(rotate(firstRefreshState('first'), '', given)).toEqual({ kind: 'reused' });
    expect(rotate(firstRefreshState('first'), 'other', given)).toEqual({ kind: 'reused' });
  });
});
