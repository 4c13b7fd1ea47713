import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PagesBed } from '../../test/fixtures/pages-bed.ts';
import { StoreUnavailable } from '../identity/session/record-store.ts';
import { RecordSealer } from '../identity/session/sealed-record.ts';
import { MINUTE_MS } from '../kernel/duration.ts';
import { systemRandom } from '../kernel/random.ts';
import { Secret } from '../kernel/secret.ts';
import { issueTicket, redeemTicket } from './action-ticket.ts';

let bed: PagesBed;
let tools: Parameters<typeof issueTicket>[0] & Parameters<typeof redeemTicket>[0];

beforeEach(() => {
  bed = new PagesBed();
  const sealer = new RecordSealer(() => bed.cookieKeys, systemRandom);
  tools = { sealer, random: systemRandom, clock: bed.clock, sessions: bed.room.sessions };
});
afterEach(() => bed.room.close());

describe('an action ticket', () => {
  it('gives back what it was issued for', async () => {
    const ticket = issueTicket(tools, 'session', 'revoke', 'a handle');
    expect(await redeemTicket(tools, 'session', 'revoke', ticket)).toBe('a handle');
  });

  it('serves once, also when two try at the same time', async () => {
    const ticket = issueTicket(tools, 'session', 'revoke', 'a handle');
    const tries = [1, 2, 3].map(() => redeemTicket(tools, 'session', 'revoke', ticket));
    const given = await Promise.all(tries);
    expect(given.filter((content) => content !== undefined)).toEqual(['a handle']);
    expect(await redeemTicket(tools, 'session', 'revoke', ticket)).toBeUndefined();
  });

  it('is worthless in another session, and for another use', async () => {
    const ticket = issueTicket(tools, 'session', 'revoke', 'a handle');
    expect(await redeemTicket(tools, 'other', 'revoke', ticket)).toBeUndefined();
    expect(await redeemTicket(tools, 'session', 'consent', ticket)).toBeUndefined();
    expect(await redeemTicket(tools, 'session', 'revoke', ticket)).toBe('a handle');
  });

  it('ends after ten minutes', async () => {
    const [early, late] = [1, 2].map(() => issueTicket(tools, 'session', 'look', 'x'));
    await bed.clock.advance(10 * MINUTE_MS - 1);
    expect(await redeemTicket(tools, 'session', 'look', early ?? '')).toBe('x');
    await bed.clock.advance(1);
    expect(await redeemTicket(tools, 'session', 'look', late ?? '')).toBeUndefined();
  });

  it('is good at a replica with a newer key, and nowhere without its key', async () => {
    const ticket = issueTicket(tools, 'session', 'look', 'x');
    bed.cookieKeys.unshift(new Secret(systemRandom.bytes(32)));
    expect(await redeemTicket(tools, 'session', 'look', ticket)).toBe('x');
    const other = issueTicket(tools, 'session', 'look', 'x');
    bed.cookieKeys.shift();
    expect(await redeemTicket(tools, 'session', 'look', other)).toBeUndefined();
  });

  it('is no ticket when anything else is shown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        expect(await redeemTicket(tools, 'session', 'look', text)).toBeUndefined();
      }),
    );
  });

  it('hides what it is for', () => {
    const ticket = issueTicket(tools, 'session', 'carry-out', 'what it is for');
    expect(Buffer.from(ticket, 'base64url').toString('latin1')).not.toContain('what it is for');
  });

  it('counts as used nowhere while the store is down', async () => {
    const ticket = issueTicket(tools, 'session', 'look', 'x');
    bed.store.health = 'down';
    await expect(redeemTicket(tools, 'session', 'look', ticket)).rejects.toThrow(StoreUnavailable);
    bed.store.health = 'up';
    expect(await redeemTicket(tools, 'session', 'look', ticket)).toBe('x');
  });
});
