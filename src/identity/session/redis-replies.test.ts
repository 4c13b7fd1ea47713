import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fenceOf,
  masterOf,
  providerRecordOf,
  sessionOf,
  textsOf,
  wordOf,
} from './redis-replies.ts';

const field = fc.option(
  fc.oneof(fc.string(), fc.nat().map(String), fc.bigInt().map(String)).map((t) => Buffer.from(t)),
);

describe('a session from its fields', () => {
  it('is live when all of it is there', () => {
    const sealed = Buffer.from([0, 255]);
    const fields = [null, Buffer.from('7'), Buffer.from('1800000000000'), sealed];
    const live = { kind: 'live', revision: 7, sealed, lastUsedAtMs: 1_800_000_000_000 };
    expect(sessionOf(fields)).toEqual(live);
  });

  it('is ended, whatever stands beside the tombstone', () => {
    fc.assert(
      fc.property(fc.string(), field, field, field, (reason, ...rest) => {
        expect(sessionOf([Buffer.from(reason), ...rest])).toMatchObject({ kind: 'ended' });
      }),
    );
  });

  it('has the reason that was written, or a general one when it is not known here', () => {
    expect(sessionOf([Buffer.from('signed_out')])).toEqual({ kind: 'ended', reason: 'signed_out' });
    for (const unknown of ['of_tomorrow', '', 'constructor', '__proto__']) {
      const reason = 'session_ended';
      expect(sessionOf([Buffer.from(unknown)])).toEqual({ kind: 'ended', reason });
    }
  });

  it('is live with exact numbers or missing, and never throws', () => {
    fc.assert(
      fc.property(field, field, field, (revision, lastUse, sealed) => {
        const session = sessionOf([null, revision, lastUse, sealed]);
        if (session.kind !== 'live') expect(session).toEqual({ kind: 'missing' });
        else expect(String(session.revision)).toBe(String(BigInt(String(revision))));
      }),
    );
  });
});

describe('a provider record from its fields', () => {
  it('is there when all of it is', () => {
    const sealed = Buffer.from('sealed');
    expect(providerRecordOf([Buffer.from('3'), sealed])).toEqual({ revision: 3, sealed });
    expect(providerRecordOf([Buffer.from('3'), null])).toBeUndefined();
    expect(providerRecordOf([null, sealed])).toBeUndefined();
    expect(providerRecordOf([])).toBeUndefined();
  });
});

describe('answers of scripts', () => {
  it('are believed only when they are what the script can answer', () => {
    expect(wordOf('written', ['written', 'conflict'])).toBe('written');
    for (const reply of ['ended', null, 1, ['written']]) {
      expect(() => wordOf(reply, ['written', 'conflict'])).toThrow();
    }
    expect(textsOf(['a', 'b'])).toEqual(['a', 'b']);
    expect(() => textsOf('a')).toThrow();
  });

  it('grant a lease only with a fence', () => {
    expect(fenceOf('1800000000000000')).toBe(1_800_000_000_000_000);
    expect(fenceOf(null)).toBeUndefined();
    for (const reply of ['', 'x', '1.5', 7, '99999999999999999']) {
      expect(() => fenceOf(reply)).toThrow();
    }
  });
});

describe("a Sentinel's answer", () => {
  it('names the master and its epoch, whatever else it says and in whatever order', () => {
    const reply = ['name', 'ip', 'config-epoch', '7', 'ip', '10.0.0.7', 'port', '6379', 'odd'];
    expect(masterOf(reply)).toEqual({ address: { host: '10.0.0.7', port: 6_379 }, epoch: 7 });
  });

  it.each([
    [null],
    ['10.0.0.7'],
    [[]],
    [['ip', '10.0.0.7', 'port', '6379']],
    [['ip', '10.0.0.7', 'port', 'x', 'config-epoch', '7']],
    [['port', '6379', 'config-epoch', '7']],
  ])('is not believed when it is %j', (reply) => {
    expect(() => masterOf(reply)).toThrow();
  });
});
