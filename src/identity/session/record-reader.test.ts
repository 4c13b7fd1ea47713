import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { settled } from '../../../test/fixtures/session-replicas.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { StoreUnavailable } from './record-store.ts';
import { RecordReader } from './record-reader.ts';
import type { SessionReading } from './session-records.ts';

let clock: FakeClock;
let asked: string[];
let answer: () => Promise<SessionReading>;
let reader: RecordReader<SessionReading>;

const ended: SessionReading = { kind: 'ended', reason: 'signed_out' };

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  answer = () => Promise.resolve(ended);
  const read = (key: string) => {
    asked.push(key);
    return answer();
  };
  reader = new RecordReader({ read, clock, logger: silentLogger });
});

const never = () => new Promise<never>(() => undefined);
const down = () => Promise.reject(new StoreUnavailable('down'));

describe('reading records', () => {
  it('asks once for all who want the same record, and again afterwards', async () => {
    const [one, other] = await Promise.all([reader.read('one'), reader.read('one')]);
    expect(one).toBe(other);
    expect(one).toEqual({ answer: ended, askedAtMs: 0, isDoubted: false });
    await Promise.all([reader.read('one'), reader.read('two')]);
    expect(asked).toEqual(['one', 'one', 'two']);
  });

  it.each([
    ['of this record', { kind: 'session', key: 'one' }, true],
    ['of another record', { kind: 'session', key: 'two' }, false],
    ['that may have been missed', { kind: 'all' }, true],
  ] as const)('notices a change %s while it reads', async (_what, change, isDoubted) => {
    const late = Promise.withResolvers<SessionReading>();
    answer = () => late.promise;
    const before = reader.read('one');
    reader.doubt(change);
    const after = reader.read('one');
    late.resolve(ended);
    expect((await before).isDoubted).toBe(isDoubted);
    expect((await after).isDoubted).toBe(false);
    expect(asked).toHaveLength(isDoubted ? 2 : 1);
  });
});

describe('a store that is silent', () => {
  it('is given up after two seconds', async () => {
    answer = never;
    const reading = reader.read('one');
    await clock.advance(2 * SECOND_MS - 1);
    expect(reader.canAsk()).toBe(true);
    await clock.advance(1);
    expect((await reading).answer).toEqual({ kind: 'unavailable' });
    expect(reader.canAsk()).toBe(false);
  });

  it('is asked once a second by one reader, and the others are answered at once', async () => {
    answer = down;
    expect((await reader.read('one')).answer.kind).toBe('unavailable');
    for (const key of ['one', 'two']) {
      expect((await reader.read(key)).answer.kind).toBe('unavailable');
    }
    expect(asked).toEqual(['one']);
    await clock.advance(SECOND_MS);
    answer = never;
    void reader.read('two');
    expect((await reader.read('one')).answer.kind).toBe('unavailable');
    expect(asked).toEqual(['one', 'two']);
  });

  it('is trusted again with its first answer', async () => {
    answer = down;
    await reader.read('one');
    await clock.advance(SECOND_MS);
    answer = () => Promise.resolve(ended);
    expect((await reader.read('one')).answer).toEqual(ended);
    expect((await reader.read('two')).answer).toEqual(ended);
  });

  it('is not blamed for one record that cannot be read yet', async () => {
    answer = () => Promise.resolve({ kind: 'unavailable' });
    await reader.read('one');
    expect(reader.canAsk()).toBe(true);
  });

  it('never makes a reader reject, whatever went wrong', async () => {
    answer = () => Promise.reject(new TypeError('a fault of ours'));
    expect((await reader.read('one')).answer).toEqual({ kind: 'unavailable' });
    await settled();
  });
});
