import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeFrame, FrameFollower } from './frame-follower.ts';

/** A frame as RFC 6455 section 5.2 draws it. */
function frame(opcode: number, length: number, isMasked = false): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const header = Buffer.alloc(2 + (short === 126 ? 2 : short === 127 ? 8 : 0));
  header[0] = 0x80 | opcode;
  header[1] = mask | short;
  if (short === 126) header.writeUInt16BE(length, 2);
  if (short === 127) header.writeBigUInt64BE(BigInt(length), 2);
  // Payloads of what looks like headers: they must not be looked at.
  return Buffer.concat([header, Buffer.alloc(isMasked ? 4 : 0, 0x88), Buffer.alloc(length, 0x88)]);
}

const anyFrame = fc.record({
  opcode: fc.constantFrom(0x0, 0x1, 0x2, 0x8, 0x9, 0xa),
  length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(125, 126, 65_535, 65_536)),
  isMasked: fc.boolean(),
});

/** Cuts a buffer into pieces at the given places. */
function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (whole.length + 1)), whole.length];
  at.sort((a, b) => a - b);
  return at.slice(1).map((end, index) => whole.subarray(at[index], end));
}

describe('a follower of frames', () => {
  it('stands between two frames exactly where one ends, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 9 }),
        (shapes, places) => {
          const frames = shapes.map((one) => frame(one.opcode, one.length, one.isMasked));
          const ends = new Set(
            frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length),
          );
          const follower = new FrameFollower();
          let offset = 0;
          for (const piece of cut(Buffer.concat(frames), places)) {
            follower.follow(piece);
            offset += piece.length;
            expect(follower.isBetweenFrames).toBe(offset === 0 || ends.has(offset));
          }
          expect(follower.dataFrames).toBe(shapes.filter(({ opcode }) => opcode < 8).length);
        },
      ),
    );
  });

  it('stops at the end of the frame under way', () => {
    const follower = new FrameFollower();
    const two = Buffer.concat([frame(2, 200), frame(1, 5)]);
    follower.follow(two.subarray(0, 50));
    const rest = two.subarray(50);
    const end = follower.advance(rest, 0);
    expect(end).toBe(frame(2, 200).length - 50);
    expect(follower.isBetweenFrames).toBe(true);
    expect(follower.advance(rest, end)).toBe(rest.length);
  });

  it('survives lengths that no frame can have', () => {
    const follower = new FrameFollower();
    follower.follow(
      Buffer.concat([Buffer.from([0x82, 0x7f]), Buffer.alloc(8, 0xff), Buffer.alloc(999)]),
    );
    expect(follower.isBetweenFrames).toBe(false);
  });
});

describe('a close frame', () => {
  it('holds the code and the reason, unmasked', () => {
    expect(closeFrame(4401, 'session_ended')).toEqual(
      Buffer.from('\x88\x0f\x11\x31session_ended', 'latin1'),
    );
  });

  it('is a control frame: at most 125 bytes of payload', () => {
    expect(closeFrame(1012, 'x'.repeat(500))).toHaveLength(127);
  });
});
