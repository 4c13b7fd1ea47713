import { describe, expect, it } from 'vitest';
import { pollUntil } from './poll-until.ts';

describe('pollUntil', () => {
  it('returns the first answer that is neither undefined nor false', async () => {
    const answers = [undefined, false as const, 'there', 'later'];
    expect(await pollUntil('an answer', () => answers.shift(), { everyMs: 1 })).toBe('there');
  });

  it('rejects at the deadline, with what was awaited and the last error', async () => {
    const refusal = new Error('refused');
    const probe = () => Promise.reject(refusal);
    const polled = pollUntil('an answer', probe, { withinMs: 20, everyMs: 1 });
    await expect(polled).rejects.toMatchObject({
      message: 'not within 20 ms: an answer',
      cause: refusal,
    });
  });
});
