import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newKey } from '../../../test/fixtures/session-replicas.ts';
import { systemRandom } from '../../kernel/random.ts';
import { Secret } from '../../kernel/secret.ts';
import { RecordSealer, type RecordPlace } from './sealed-record.ts';

const place: RecordPlace = { purpose: 'session', name: 'hashed-id' };

function sealerWith(...keys: readonly Secret<Buffer>[]): RecordSealer {
  return new RecordSealer(() => keys, systemRandom);
}

describe('a sealed record', () => {
  const sealer = sealerWith(newKey());

  it('opens where it was sealed, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (plaintext) => {
        const opened = sealer.open(place, sealer.seal(place, plaintext));
        expect(opened).toEqual({ kind: 'opened', plaintext });
      }),
    );
  });

  it('never looks the same twice', () => {
    expect(sealer.seal(place, 'text')).not.toEqual(sealer.seal(place, 'text'));
  });

  it('shows nothing of what it says', () => {
    const sealed = sealer.seal(place, 'user@example.com');
    expect(sealed.includes('user')).toBe(false);
  });

  it('is refused when any single bit is flipped', () => {
    const sealed = sealer.seal(place, '{"v":1}');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = Buffer.from(sealed);
      forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(sealer.open(place, forged).kind, `bit ${bit}`).not.toBe('opened');
    }
  });

  it('is refused when it is cut anywhere, or longer than it was', () => {
    const sealed = sealer.seal(place, '{"v":1}');
    for (let length = 0; length < sealed.length; length++) {
      expect(sealer.open(place, sealed.subarray(0, length)).kind).toBe('refused');
    }
    expect(sealer.open(place, Buffer.concat([sealed, Buffer.from([0])])).kind).toBe('refused');
  });

  it('is refused at any other place than its own', () => {
    const sealed = sealer.seal(place, 'text');
    const elsewhere: readonly RecordPlace[] = [
      { purpose: 'session', name: 'other-id' },
      { purpose: 'session', name: 'hashed-idx' },
      { purpose: 'session', name: '' },
      { purpose: 'provider', name: 'hashed-id' },
    ];
    for (const other of elsewhere) expect(sealer.open(other, sealed).kind).toBe('refused');
  });

  it('is refused when any bytes are made up, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(sealer.open(place, Buffer.from(bytes)).kind).not.toBe('opened');
      }),
    );
  });

  it('is refused under a version that this release does not know', () => {
    const sealed = sealer.seal(place, 'text');
    sealed.writeUInt8(2, 0);
    expect(sealer.open(place, sealed)).toEqual({ kind: 'refused' });
  });
});

describe('the keys of sealed records', () => {
  it('rotate: the first key seals and every key opens', () => {
    const [older, newer] = [newKey(), newKey()];
    const before = sealerWith(older).seal(place, 'before');
    const during = sealerWith(newer, older);
    expect(during.open(place, before)).toEqual({ kind: 'opened', plaintext: 'before' });
    const after = during.seal(place, 'after');
    expect(sealerWith(newer).open(place, after)).toEqual({ kind: 'opened', plaintext: 'after' });
  });

  it('are told apart from forgery when a replica lacks one', () => {
    const sealed = sealerWith(newKey()).seal(place, 'text');
    expect(sealerWith(newKey()).open(place, sealed)).toEqual({ kind: 'unknown-key' });
  });

  it('are told apart by their whole length', () => {
    const longer = new Secret(Buffer.alloc(40, 1));
    const other = new Secret(Buffer.concat([Buffer.alloc(39, 1), Buffer.alloc(1, 2)]));
    const sealed = sealerWith(longer).seal(place, 'text');
    expect(sealerWith(longer).open(place, sealed).kind).toBe('opened');
    expect(sealerWith(other).open(place, sealed).kind).toBe('unknown-key');
  });

  it('must be there and have 256 bits', () => {
    expect(() => sealerWith().seal(place, 'text')).toThrow(RangeError);
    const short = new Secret(Buffer.alloc(31, 1));
    expect(() => sealerWith(short).seal(place, 'text')).toThrow(RangeError);
  });
});
