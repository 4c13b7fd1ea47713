// What must hold of a token through any history of requests, outages, doubts and revocations.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBed } from '../../../test/fixtures/token-bed.ts';
import type { TokenAuthentication } from '../authentication.ts';

const MINUTE_MS = 60_000;
const FRESH_MS = MINUTE_MS;
const OUTAGE_BOUND_MS = 5 * MINUTE_MS;
const LIFE_MS = 40 * MINUTE_MS;
/** A verifier that failed is left alone for as long. */
const LONGEST_PAUSE_MS = 16_000;
/** A bad token is not asked about again for as long. */
const REFUSED_MS = 5_000;

class History {
  readonly bed = new TokenBed({ outageBoundMs: OUTAGE_BOUND_MS });
  readonly #expiresAtMs = this.bed.clock.nowMs() + LIFE_MS;
  /** Milliseconds since the epoch, as are all. */
  #upSinceMs = this.bed.clock.nowMs();
  #revokedAtMs: number | undefined;
  #isDoubtTold = false;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;

  constructor() {
    const { expiresAtMs, ...rest } = { expiresAtMs: this.#expiresAtMs, freshForMs: FRESH_MS };
    this.bed.issuer.accept('a1', { ...rest, expiresAtMs });
  }

  async pass(ms: number): Promise<void> {
    await this.bed.clock.advance(ms);
  }

  turn(state: TokenBed['issuer']['state']): void {
    if (state === 'up' && this.bed.issuer.state !== 'up') this.#upSinceMs = this.bed.clock.nowMs();
    this.bed.issuer.state = state;
  }

  revoke(isTold: boolean): void {
    this.#revokedAtMs ??= this.bed.clock.nowMs();
    this.bed.issuer.revoke('a1');
    if (isTold) this.doubt();
  }

  doubt(): void {
    this.bed.issuer.doubt('a1');
    if (this.#revokedAtMs !== undefined) this.#isDoubtTold = true;
  }

  async ask(isUse: boolean): Promise<void> {
    const { authenticator, clock, issuer } = this.bed;
    const asked = issuer.asked.length;
    const given: TokenAuthentication[] = [];
    const answering = (async () => {
      given.push(await (isUse ? this.bed.ask('a1') : authenticator.recheck('a1')));
    })();
    await clock.advance(0);
    // A verifier that does not answer, now or when others asked, is given up after its deadline.
    for (let waits = 0; waits < 2 && given.length === 0; waits++) await clock.advance(3_000);
    expect(given).toHaveLength(1);
    await answering;
    const isConfirmed = issuer.asked.length > asked && issuer.state === 'up';
    if (isConfirmed && this.#revokedAtMs === undefined) this.#confirmedAtMs = clock.nowMs();
    for (const answer of given) this.#judge(answer);
  }

  #judge(answer: TokenAuthentication): void {
    switch (answer.kind) {
      case 'authenticated':
        this.#mayBeGranted();
        break;
      case 'rejected':
        expect(this.#reasonsToReject()).toContain(answer.reason);
        break;
      case 'unavailable':
        expect(this.#isUpFor(LONGEST_PAUSE_MS)).toBe(false);
    }
  }

  #mayBeGranted(): void {
    const nowMs = this.bed.clock.nowMs();
    expect(nowMs).toBeLessThan(this.#expiresAtMs);
    expect(nowMs - this.#confirmedAtMs).toBeLessThan(FRESH_MS + OUTAGE_BOUND_MS + 1);
    if (this.#revokedAtMs === undefined || !this.#isUpFor(LONGEST_PAUSE_MS)) return;
    expect(this.#isDoubtTold).toBe(false);
    expect(nowMs - Math.max(this.#revokedAtMs, this.#upSinceMs)).toBeLessThan(
      FRESH_MS + LONGEST_PAUSE_MS,
    );
  }

  #reasonsToReject(): readonly string[] {
    const nowMs = this.bed.clock.nowMs();
    return [
      ...(nowMs >= this.#expiresAtMs ? ['token_expired'] : []),
      ...(this.#revokedAtMs === undefined ? [] : ['token_revoked']),
    ];
  }

  #isUpFor(ms: number): boolean {
    const { clock, issuer } = this.bed;
    return issuer.state === 'up' && clock.nowMs() - this.#upSinceMs >= ms;
  }
}

const happenings: Readonly<Record<string, (history: History) => unknown>> = {
  use: (history) => history.ask(true),
  recheck: (history) => history.ask(false),
  moment: (history) => history.pass(300),
  seconds: (history) => history.pass(7_000),
  almostStale: (history) => history.pass(FRESH_MS - 1_000),
  minutes: (history) => history.pass(4 * MINUTE_MS),
  down: (history) => history.turn('down'),
  silent: (history) => history.turn('silent'),
  broken: (history) => history.turn('broken'),
  up: (history) => history.turn('up'),
  longOutage: async (history) => {
    history.turn('down');
    for (let minute = 0; minute < 8; minute++) {
      await history.pass(MINUTE_MS);
      await history.ask(true);
    }
  },
  doubt: (history) => history.doubt(),
  revoke: (history) => history.revoke(false),
  revokeAndTell: (history) => history.revoke(true),
};
const usual = ['use', 'use', 'use', 'recheck', 'moment', 'seconds', 'almostStale', 'up'];
const kinds = [...Object.keys(happenings), ...usual, ...usual];

describe('a token, whatever happens', () => {
  test('is granted within its bounds only, and refused for what it did only', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { maxLength: 60 }), async (steps) => {
        const history = new History();
        for (const kind of steps) await happenings[kind]?.(history);
        history.turn('up');
        await history.pass(LONGEST_PAUSE_MS + REFUSED_MS);
        await history.ask(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
