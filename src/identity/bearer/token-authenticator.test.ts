import { beforeEach, describe, expect, test } from 'vitest';
import { TokenBed } from '../../../test/fixtures/token-bed.ts';

const MINUTE_MS = 60_000;
const invalid = { kind: 'rejected', reason: 'invalid_token' };
const good = { kind: 'authenticated' };
const tooMany = { kind: 'unavailable', reason: 'too_many_unknown_tokens' };

let bed: TokenBed;
beforeEach(() => {
  bed = new TokenBed();
});

describe('a bearer token', () => {
  test('stands for whom its verifier says, with headers, scope and the name for logs', async () => {
    const scope = { effect: 'read', classes: undefined, namespaces: undefined } as const;
    bed.issuer.accept('a1', {
      email: 'ann@example.com',
      scope: { ...scope, allMyPipelines: false },
    });
    expect(await bed.holder('a1')).toMatchObject({
      principal: { userId: 'ann@example.com', groups: ['team-a'] },
      email: 'ann@example.com',
      credential: { kind: 'token', tokenHandle: 'handle-0', scope },
      headers: [
        ['kubeflow-userid', 'ann@example.com'],
        ['kubeflow-groups', 'team-a'],
      ],
    });
  });

  test('is put before the one verifier that claims it', async () => {
    bed.issuer.accept('b1');
    bed.other.accept('b1', { principal: { userId: 'bob@example.com', groups: [] } });
    expect((await bed.holder('b1')).principal.userId).toBe('bob@example.com');
    expect(bed.issuer.asked).toEqual([]);
  });

  test.each(['', 'c1', 'null', '__proto__', 'x'.repeat(70_000)])(
    'that no verifier claims is not accepted: %#',
    async (token) => {
      expect(await bed.ask(token)).toEqual(invalid);
      expect([bed.issuer.asked, bed.other.asked]).toEqual([[], []]);
    },
  );

  test('is answered without a promise and without its verifier once it is known', async () => {
    bed.issuer.accept('a1');
    const first = await bed.ask('a1');
    expect(first).toMatchObject(good);
    expect(bed.ask('a1')).toBe(first);
    expect(bed.authenticator.recheck('a1')).toBe(first);
    expect(bed.issuer.asked).toEqual(['a1']);
  });

  test('is verified once, however many requests arrive with it, from however many clients', async () => {
    bed.issuer.accept('a1');
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => await bed.ask('a1', `192.0.2.${n}`)),
    );
    expect(new Set(answers).size).toBe(1);
    expect(bed.issuer.asked).toEqual(['a1']);
  });

  test('arriving together with others never gets what is theirs', async () => {
    const texts = ['a:b.c', 'a.b:c', 'a:bc', 'ab:c', 'a:b.c ', 'A:b.c'];
    texts.slice(0, 5).forEach((text, n) => {
      bed.issuer.accept(text, { principal: { userId: `user-${n}`, groups: [] } });
    });
    const answers = await Promise.all(texts.map(async (text) => await bed.ask(text)));
    const names = answers.map((answer) =>
      answer.kind === 'authenticated' ? answer.identity.principal.userId : answer.kind,
    );
    expect(names).toEqual(['user-0', 'user-1', 'user-2', 'user-3', 'user-4', 'rejected']);
  });

  test('ends when its verifier said that it would, in the cache, too', async () => {
    bed.issuer.accept('a1', { expiresAtMs: bed.clock.nowMs() + 20_000 });
    expect(await bed.ask('a1')).toMatchObject(good);
    await bed.clock.advance(19_999);
    expect(await bed.ask('a1')).toMatchObject(good);
    await bed.clock.advance(1);
    expect(bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_expired' });
  });

  test('that is over when its verdict comes is not accepted', async () => {
    bed.issuer.accept('a1', { expiresAtMs: bed.clock.nowMs() });
    expect(await bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_expired' });
  });

  test('is refused at once when this replica hears that it has ended', async () => {
    bed.issuer.accept('a1');
    await bed.ask('a1');
    bed.issuer.end('a1', 'token_ended');
    expect(bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_ended' });
    expect(bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_ended' });
  });

  test('that ended while it was being verified is not accepted', async () => {
    bed.issuer.accept('a1');
    bed.issuer.hold();
    const answer = bed.ask('a1');
    bed.issuer.end('a1', 'token_ended');
    bed.issuer.release();
    expect(await answer).toEqual({ kind: 'rejected', reason: 'token_ended' });
  });

  test('counts as used by requests and by whoever holds its identity, not by a recheck', async () => {
    bed.issuer.accept('a1');
    const holder = await bed.holder('a1');
    await bed.authenticator.recheck('a1');
    expect(bed.issuer.used).toEqual(['a1']);
    holder.markUsed();
    await bed.ask('a1');
    expect(bed.issuer.used).toEqual(['a1', 'a1', 'a1']);
  });

  test('leaves no trace of itself in log lines, in metrics or in what applications get', async () => {
    const token = 'a-secret-that-is-never-told';
    bed.issuer.accept(token);
    const { credential, headers, ...rest } = await bed.holder(token);
    bed.issuer.revoke(token);
    await bed.clock.advance(MINUTE_MS);
    await bed.ask(token);
    await bed.ask('c-secret-that-is-never-told');
    const seen = [credential, headers, rest, bed.lines, [...bed.series]];
    expect(JSON.stringify(seen)).not.toContain('never-told');
    expect(bed.lines).toHaveLength(2);
  });
});

describe('a verdict', () => {
  test('is asked for again before it gets stale, beside a request, and once', async () => {
    bed.issuer.accept('a1');
    const first = await bed.ask('a1');
    await bed.clock.advance(44_999);
    expect(bed.ask('a1')).toBe(first);
    expect(bed.issuer.asked).toHaveLength(1);
    await bed.clock.advance(1);
    for (let n = 0; n < 5; n++) expect(bed.ask('a1')).toBe(first);
    await bed.clock.advance(0);
    expect(bed.issuer.asked).toHaveLength(2);
    await bed.clock.advance(44_999);
    expect(bed.ask('a1')).toBe(first);
    expect(bed.issuer.asked).toHaveLength(2);
  });

  test('that got stale is asked for before the answer', async () => {
    bed.issuer.accept('a1');
    await bed.ask('a1');
    bed.issuer.revoke('a1');
    await bed.clock.advance(MINUTE_MS);
    expect(await bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_revoked' });
    expect(bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_revoked' });
  });

  test('is kept fresh by rechecks of an open connection as well', async () => {
    bed.issuer.accept('a1');
    await bed.ask('a1');
    for (let second = 0; second < 61; second++) {
      await bed.clock.advance(1_000);
      expect(bed.authenticator.recheck('a1')).toMatchObject(good);
    }
    bed.issuer.revoke('a1');
    for (let second = 0; second < 60; second++) {
      await bed.clock.advance(1_000);
      void bed.authenticator.recheck('a1');
    }
    expect(await bed.authenticator.recheck('a1')).toMatchObject({ reason: 'token_revoked' });
  });

  test('is never believed for longer than tokens.cacheFor', async () => {
    bed.issuer.accept('a1', { freshForMs: 86_400_000, expiresAtMs: Number.POSITIVE_INFINITY });
    await bed.ask('a1');
    await bed.clock.advance(5 * MINUTE_MS);
    expect(bed.ask('a1')).toBeInstanceOf(Promise);
    expect(bed.issuer.asked).toHaveLength(2);
  });

  test('that is doubted is asked for before the next answer, although it is fresh', async () => {
    bed.issuer.accept('a1');
    await bed.ask('a1');
    bed.issuer.revoke('a1');
    expect(bed.ask('a1')).toMatchObject(good);
    bed.issuer.doubt('a1');
    expect(await bed.ask('a1')).toEqual({ kind: 'rejected', reason: 'token_revoked' });
  });

  test('on its way when its token is revoked is not given to whoever comes later', async () => {
    bed.issuer.accept('a1');
    bed.issuer.hold();
    const before = bed.ask('a1');
    await bed.clock.advance(0);
    bed.issuer.revoke('a1');
    bed.issuer.doubt('a1');
    const later = [bed.ask('a1'), bed.ask('a1')];
    bed.issuer.release();
    expect(await before).toMatchObject(good);
    for (const answer of later)
      expect(await answer).toEqual({ kind: 'rejected', reason: 'token_revoked' });
    expect(bed.issuer.asked).toHaveLength(2);
  });

  test('that says the same again leaves the identity and its session JWT as they are', async () => {
    bed.issuer.accept('a1');
    const holder = await bed.holder('a1');
    const jwt = holder.assertion();
    bed.issuer.doubt('a1');
    expect(await bed.holder('a1')).toBe(holder);
    expect([holder.assertion(), bed.signed]).toEqual([jwt, 1]);
  });

  test.each([
    { principal: { userId: 'ann@example.com', groups: ['team-b'] } },
    { principal: { userId: 'ann@example.com', groups: [] } },
    { email: 'ann@example.com' },
    {
      scope: {
        effect: 'read' as const,
        classes: undefined,
        namespaces: undefined,
        allMyPipelines: false,
      },
    },
  ])('that says something else makes a new identity with a new session JWT: %j', async (change) => {
    bed.issuer.accept('a1');
    const holder = await bed.holder('a1');
    const jwt = holder.assertion();
    bed.issuer.change('a1', change);
    bed.issuer.doubt('a1');
    const changed = await bed.holder('a1');
    expect({ ...changed, scope: changed.credential.scope }).toMatchObject(change);
    expect(changed.assertion()).not.toBe(jwt);
  });
});

describe('the session JWT of a token', () => {
  test('is signed at first use, once for all requests, and again in its last minute', async () => {
    bed.issuer.accept('a1');
    const holder = await bed.holder('a1');
    expect(bed.signed).toBe(0);
    const first = holder.assertion();
    await bed.clock.advance(239_999);
    expect((await bed.holder('a1')).assertion()).toBe(first);
    await bed.clock.advance(1);
    expect((await bed.holder('a1')).assertion()).not.toBe(first);
    expect(bed.signed).toBe(2);
  });
});

describe('a token that is not accepted', () => {
  test('is answered from memory for 5 s, and may become good', async () => {
    expect(await bed.ask('a1')).toEqual(invalid);
    bed.issuer.accept('a1');
    await bed.clock.advance(4_999);
    expect(bed.ask('a1')).toEqual(invalid);
    expect(bed.issuer.asked).toHaveLength(1);
    await bed.clock.advance(1);
    expect(await bed.ask('a1')).toMatchObject(good);
  });

  test('cannot crowd out good ones, however many there are', async () => {
    bed = new TokenBed({ cacheEntries: 100, unknownPerMinute: 1_000_000 });
    bed.issuer.accept('a-good');
    const first = await bed.ask('a-good');
    for (let n = 0; n < 12_000; n++) await bed.ask(`a${n}`);
    expect(bed.ask('a-good')).toBe(first);
    expect(bed.series.get('kfgw_token_cache_entries refused')).toBeLessThanOrEqual(10_000);
    expect(bed.series.get('kfgw_token_cache_entries known')).toBe(1);
  });

  test('is logged once, with why', async () => {
    for (let n = 0; n < 5; n++) await bed.ask('a1');
    await bed.ask('c1');
    expect(bed.lines.map((line): unknown => JSON.parse(line))).toEqual([
      {
        level: 'info',
        message: 'A bearer token was refused.',
        reason: 'invalid_token',
        detail: 'not one of the script',
      },
      {
        level: 'info',
        message: 'A bearer token was refused.',
        reason: 'invalid_token',
        detail: 'no token of this gateway, and no JWT of an issuer that is configured',
      },
    ]);
  });
});

describe('tokens that this replica remembers', () => {
  test('are as many as configured, and those that are in use stay', async () => {
    bed = new TokenBed({ cacheEntries: 100 });
    bed.issuer.accept('a-used');
    await bed.ask('a-used');
    for (let n = 0; n < 500; n++) {
      bed.issuer.accept(`a${n}`);
      await bed.ask(`a${n}`);
      expect(bed.ask('a-used')).toMatchObject(good);
    }
    expect(bed.series.get('kfgw_token_cache_entries known')).toBeLessThanOrEqual(100);
    expect(bed.issuer.asked).toHaveLength(501);
  });
});

describe('the limit per client', () => {
  beforeEach(() => {
    bed = new TokenBed({ unknownPerMinute: 3 });
  });

  test('is reached by unknown tokens, before anybody is asked about them', async () => {
    for (let n = 0; n < 1_000; n++) await bed.ask(`a${n}`);
    expect(bed.issuer.asked).toHaveLength(3);
    expect(bed.ask('a2000')).toEqual({ ...tooMany, retryAfterSec: 20 });
    expect(bed.series.get('kfgw_tokens_limited_total')).toBe(998);
    expect(bed.lines).toHaveLength(3);
  });

  test('holds for each client by itself', async () => {
    for (let n = 0; n < 10; n++) await bed.ask(`a${n}`);
    bed.issuer.accept('a-good');
    expect(await bed.ask('a-good', '192.0.2.2')).toMatchObject(good);
  });

  test('does not count known tokens, nor those just refused, nor requests that arrive together', async () => {
    bed.issuer.accept('a1');
    await Promise.all(Array.from({ length: 20 }, async () => await bed.ask('a1')));
    for (let n = 0; n < 20; n++) {
      await bed.ask('a2');
      await bed.clock.advance(100);
    }
    bed.issuer.doubt('a1');
    expect(await bed.ask('a1')).toMatchObject(good);
    bed.issuer.accept('a3');
    expect(await bed.ask('a3')).toMatchObject(good);
    expect(await bed.ask('a4')).toMatchObject(tooMany);
  });

  test('leaves open connections alone', async () => {
    bed.issuer.accept('a1');
    for (let n = 0; n < 10; n++) await bed.ask(`a-bad${n}`);
    expect(await bed.authenticator.recheck('a1')).toMatchObject(good);
    expect(await bed.ask('a-bad11')).toMatchObject(tooMany);
  });
});
