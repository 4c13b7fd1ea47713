import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatChangeMessage, parseChangeMessage } from './change-message.ts';

describe('a change message', () => {
  it('reads as it was written', () => {
    const name = fc.stringMatching(/^[!-~]{1,100}$/);
    fc.assert(
      fc.property(name, fc.option(name, { nil: undefined }), (from, key) => {
        expect(parseChangeMessage(formatChangeMessage({ from, key }))).toEqual({ from, key });
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"v":1'],
    ['no object', '"v"'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['another version', '{"v":2,"f":"replica","k":"key"}'],
    ['no version', '{"f":"replica","k":"key"}'],
    ['no sender', '{"v":1,"k":"key"}'],
    ['an empty key', '{"v":1,"f":"replica","k":""}'],
    ['a key of another type', '{"v":1,"f":"replica","k":7}'],
    ['a null key', '{"v":1,"f":"replica","k":null}'],
    ['a key with a line break', '{"v":1,"f":"replica","k":"a\\nb"}'],
    ['a long key', JSON.stringify({ v: 1, f: 'replica', k: 'k'.repeat(257) })],
    ['a long message', JSON.stringify({ v: 1, f: 'replica', k: 'key', x: 'x'.repeat(600) })],
  ])('is ignored when it is %s', (_what, text) => {
    expect(parseChangeMessage(text)).toBeUndefined();
  });

  it('may carry fields of a later release', () => {
    const text = '{"v":1,"f":"replica","k":"key","n":1}';
    expect(parseChangeMessage(text)).toEqual({ from: 'replica', key: 'key' });
  });

  it('never throws, whatever arrives', () => {
    const anything = fc.oneof(fc.string(), fc.json());
    fc.assert(
      fc.property(anything, (text) => {
        parseChangeMessage(text);
      }),
    );
  });
});
