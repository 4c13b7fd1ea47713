import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { issuerKey } from '../../../test/fixtures/issuer-key.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import { IssuerKeys } from './issuer-keys.ts';

const [a, b] = [issuerKey('a'), issuerKey('b')];
const later = (retryAfterSec: number) => ({ kind: 'unavailable', retryAfterSec });
const UNKNOWN = { kind: 'unknown' };

let clock: FakeClock;
let keys: IssuerKeys;
let fetches: number;
let lines: string[];
/** What the issuer answers; an Error: nothing. */
let answer: unknown;
/** While set, answers wait for it. */
let gate: Promise<void> | undefined;

const publish = (...published: readonly { jwk: unknown }[]): void => {
  answer = { keys: published.map(({ jwk }) => jwk) };
};
const has = async (kid: string): Promise<boolean> => (await keys.find(kid)).kind === 'found';

async function load(): Promise<unknown> {
  fetches++;
  const answered = answer;
  await gate;
  if (answered instanceof Error) throw answered;
  return answered;
}

beforeEach(() => {
  clock = new FakeClock();
  fetches = 0;
  lines = [];
  gate = undefined;
  publish(a);
  const note = (message: string) => lines.push(message);
  const logger = { ...silentLogger, info: note, warn: note };
  const source = { load, renewAfterMs: 10 * MINUTE_MS };
  keys = new IssuerKeys('https://ci.example', source, { clock, logger, metrics: silentMetrics });
});

describe('the keys of an issuer', () => {
  test('are asked for once by the first tokens, however many come at once', async () => {
    const found = await Promise.all(Array.from({ length: 50 }, () => has('a')));
    expect(found.every(Boolean)).toBe(true);
    expect(fetches).toBe(1);
  });

  test('are all there is for a token that names none', async () => {
    publish(a, b);
    expect(await keys.find(undefined)).toMatchObject({ keys: [{ kid: 'a' }, { kid: 'b' }] });
  });

  test('that are new are found at once, right after the first fetch too', async () => {
    await keys.find('a');
    publish(a, b);
    expect(await has('b')).toBe(true);
    expect(fetches).toBe(2);
  });

  test('are asked for once per cool-down, whatever names come', async () => {
    await keys.find('a');
    for (let second = 0; second < 30; second++) {
      const names = Array.from({ length: 40 }, (_, at) => `forged-${second}-${at}`);
      await Promise.all(names.map((name) => keys.find(name)));
      expect(await has('a')).toBe(true);
      await clock.advance(1_000);
    }
    expect(fetches).toBe(1 + 3);
  });

  test('that are new during the cool-down are never called unknown', async () => {
    await keys.find('a');
    expect(await keys.find('forged')).toEqual(UNKNOWN);
    publish(b);
    await clock.advance(2_500);
    expect(await keys.find('b')).toEqual(later(8));
    await clock.advance(7_499);
    expect(await keys.find('b')).toEqual(later(1));
    await clock.advance(1);
    expect(await has('b')).toBe(true);
  });

  test('that did not come are unknown while it cools down, and asked for again afterwards', async () => {
    await keys.find('a');
    expect(await keys.find('old')).toEqual(UNKNOWN);
    expect(await keys.find('old')).toEqual(UNKNOWN);
    expect(fetches).toBe(2);
    await clock.advance(10_000);
    expect(await keys.find('old')).toEqual(UNKNOWN);
    expect(fetches).toBe(3);
  });

  test('stay unknown when another name causes the next question', async () => {
    await keys.find('a');
    await keys.find('one');
    expect(await keys.find('two')).toEqual(later(10));
    await clock.advance(10_000);
    expect(await keys.find('three')).toEqual(UNKNOWN);
    expect(await keys.find('one')).toEqual(UNKNOWN);
    expect(await keys.find('two')).toEqual(UNKNOWN);
  });

  test('are not called unknown by an answer that was under way when they were asked for', async () => {
    await keys.find('a');
    const { promise, resolve } = Promise.withResolvers<undefined>();
    gate = promise;
    const forged = keys.find('forged');
    await clock.advance(0);
    publish(a, b);
    const joined = keys.find('b');
    await clock.advance(0);
    resolve(undefined);
    expect(await forged).toEqual(UNKNOWN);
    expect(await joined).toEqual(later(10));
    await clock.advance(10_000);
    expect(await has('b')).toBe(true);
  });

  test('are found for everybody who waited for the question that brought them', async () => {
    await keys.find('a');
    await clock.advance(10 * MINUTE_MS);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    gate = promise;
    const renewed = keys.find('a');
    await clock.advance(0);
    publish(a, b);
    const waiting = [keys.find('b'), keys.find('b'), keys.find('b')];
    await clock.advance(0);
    resolve(undefined);
    expect((await renewed).kind).toBe('found');
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(
      waiting.map(() => 'found'),
    );
    expect(fetches).toBe(3);
  });

  test('that are known wait for nobody who asks for another', async () => {
    await keys.find('a');
    const { promise, resolve } = Promise.withResolvers<undefined>();
    gate = promise;
    const forged = keys.find('forged');
    expect(await has('a')).toBe(true);
    resolve(undefined);
    await forged;
  });

  test('remember a bounded number of names', async () => {
    await keys.find('a');
    await keys.find('first');
    for (let at = 0; at < 2_000; at++) await keys.find(`forged-${at}`);
    await clock.advance(10_000);
    await keys.find('last');
    expect(await keys.find('forged-1999')).toEqual(UNKNOWN);
    expect(await keys.find('forged-0')).toEqual(later(10));
  });

  test.each<[what: string, answer: unknown]>([
    ['nothing', new Error('down')],
    ['no keys', { keys: [] }],
    ['what is no list', { keys: 1 }],
    ['text', 'text'],
    ['null', null],
    ['a symmetric key', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a' }] }],
    ['a private key', { keys: [a.privateKey.export({ format: 'jwk' })] }],
  ])('stay in force while the issuer answers %s', async (_what, bad) => {
    await keys.find('a');
    answer = bad;
    await clock.advance(10 * MINUTE_MS);
    expect(await has('a')).toBe(true);
    expect(fetches).toBe(2);
    expect(await keys.find('b')).toEqual(later(10));
    expect(await keys.find('b')).toEqual(later(10));
    expect(fetches).toBe(3);
    await clock.advance(MINUTE_MS);
    expect(await has('a')).toBe(true);
  });

  test('cannot be had before the issuer answered once, and soon after it does', async () => {
    answer = new Error('down');
    for (let at = 0; at < 20; at++) expect(await keys.find('a')).toEqual(later(1));
    expect(fetches).toBe(1);
    publish(a);
    await clock.advance(1_000);
    expect(await has('a')).toBe(true);
  });

  test('that the issuer withdrew are believed for ten minutes', async () => {
    await keys.find('a');
    publish(b);
    await clock.advance(10 * MINUTE_MS - 1);
    expect(await has('a')).toBe(true);
    await clock.advance(1);
    expect(await keys.find('a')).toEqual(UNKNOWN);
  });

  test('do not keep tokens waiting for an issuer that is known to be down', async () => {
    await keys.find('a');
    answer = new Error('down');
    await clock.advance(10 * MINUTE_MS);
    expect(await has('a')).toBe(true);
    gate = new Promise(() => undefined);
    await clock.advance(MINUTE_MS);
    expect(await has('a')).toBe(true);
    expect(fetches).toBe(3);
  });

  test('are logged when they cannot be had, and when they can again', async () => {
    answer = new Error('down');
    await keys.find('a');
    await clock.advance(1_000);
    await keys.find('a');
    publish(a);
    await clock.advance(1_000);
    await keys.find('a');
    expect(lines).toEqual([
      'The keys of a token issuer cannot be had.',
      'The keys of a token issuer can be had again.',
    ]);
  });
});
