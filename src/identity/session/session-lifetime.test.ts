import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { RotatingProvider, sessionOptions } from '../../../test/fixtures/session-replicas.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { limitReached, refreshDueAtMs, useFlushMs } from './session-lifetime.ts';
import { recordOfLogin } from './session-record.ts';

const clock = new FakeClock();
const startMs = clock.nowMs();
const record = recordOfLogin(new RotatingProvider(clock).signIn(), {
  handle: 'handle',
  nowMs: startMs,
  absoluteMs: sessionOptions.absoluteMs,
});

describe('the limits of a session', () => {
  const fresh = { record: { ...record, claimsAtMs: startMs + 23 * HOUR_MS } };

  it.each([
    ['in use', { ...fresh, lastUsedAtMs: startMs + 23 * HOUR_MS }, 24 * HOUR_MS - 1, undefined],
    [
      'at its end',
      { ...fresh, lastUsedAtMs: startMs + 24 * HOUR_MS },
      24 * HOUR_MS,
      'session_expired',
    ],
    [
      'idle, nearly',
      { record, lastUsedAtMs: startMs },
      2 * HOUR_MS + 30 * SECOND_MS - 1,
      undefined,
    ],
    ['idle', { record, lastUsedAtMs: startMs }, 2 * HOUR_MS + 30 * SECOND_MS, 'session_expired'],
    [
      'not refreshed, nearly',
      { record, lastUsedAtMs: startMs + 8 * HOUR_MS },
      8 * HOUR_MS - 1,
      undefined,
    ],
    [
      'not refreshed',
      { record, lastUsedAtMs: startMs + 8 * HOUR_MS },
      8 * HOUR_MS,
      'claims_too_old',
    ],
  ])('%s', (_what, session, afterMs, expected) => {
    expect(limitReached(session, startMs + afterMs, sessionOptions)).toBe(expected);
  });

  it('leave a short idle limit a short time for late news of use', () => {
    expect(useFlushMs({ ...sessionOptions, idleMs: MINUTE_MS })).toBe(6 * SECOND_MS);
    expect(useFlushMs(sessionOptions)).toBe(30 * SECOND_MS);
  });
});

describe('claims are due', () => {
  const dueAfter = (tokenLifeMs: number, chance: number) =>
    refreshDueAtMs({ ...record, claimsExpireAtMs: startMs + tokenLifeMs }, sessionOptions, chance) -
    startMs;

  it.each([
    ['at the configured age', 24 * HOUR_MS, 10 * MINUTE_MS],
    ['at 80% of the life of a shorter ID token', 5 * MINUTE_MS, 4 * MINUTE_MS],
    ['after ten seconds at the earliest', SECOND_MS, 10 * SECOND_MS],
    ['after ten seconds when the ID token had ended before', -HOUR_MS, 10 * SECOND_MS],
  ])('%s', (_when, tokenLifeMs, expected) => {
    expect(dueAfter(tokenLifeMs, 0)).toBe(expected);
  });

  it('up to a tenth earlier, so that sessions spread out', () => {
    expect(dueAfter(24 * HOUR_MS, 0.5)).toBe(9.5 * MINUTE_MS);
  });
});
