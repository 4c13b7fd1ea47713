import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader, LineTooLong } from './line-reader.ts';

function linesOf(chunks: readonly Buffer[], maxBytes = 1_000): string[] {
  const reader = new LineReader(maxBytes);
  return chunks.flatMap((chunk) => [...reader.lines(chunk)].map((line) => line.toString()));
}

describe('LineReader', () => {
  it('reads the same lines however the bytes are cut', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).map((t) => t.replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(text), fc.array(fc.nat(200)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
        const sorted = at.toSorted((a, b) => a - b);
        const chunks = sorted.map((from, i) => bytes.subarray(from, sorted[i + 1]));
        expect(linesOf(chunks)).toEqual(lines.map((each) => Buffer.from(each).toString()));
      }),
    );
  });

  it('says whether a line has begun that has not ended', () => {
    const reader = new LineReader(10);
    expect([...reader.lines(Buffer.from('a\nb'))]).toHaveLength(1);
    expect(reader.isWithinLine).toBe(true);
    expect([...reader.lines(Buffer.from('\n'))]).toEqual([Buffer.from('b')]);
    expect(reader.isWithinLine).toBe(false);
  });

  it.each([[['12345', '67\n']], [['12345678\n']], [['a\n123', '456', '7']]])(
    'takes no longer line than it may, in %j',
    (chunks) => {
      const buffers = chunks.map((chunk) => Buffer.from(chunk));
      expect(() => linesOf(buffers, 6)).toThrow(LineTooLong);
    },
  );

  it('takes a line that is as long as it may be', () => {
    expect(linesOf([Buffer.from('123'), Buffer.from('456\n')], 6)).toEqual(['123456']);
  });
});
