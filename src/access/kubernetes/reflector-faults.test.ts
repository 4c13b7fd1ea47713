import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { line, sendStatus } from '../../../test/fixtures/api-answers.ts';
import { ReflectorBed } from '../../../test/fixtures/reflector-bed.ts';

/** Everything that happens to policy and to the way it takes, in any order. */
const happenings: Readonly<Record<string, (bed: ReflectorBed, n: number) => unknown>> = {
  bind: (bed, n) => bed.bind(`binding-${n % 3}`),
  unbind: (bed, n) => bed.unbind(`binding-${n % 3}`),
  recreate: (bed, n) => {
    bed.unbind(`binding-${n % 3}`);
    bed.bind(`binding-${n % 3}`);
  },
  repeat: (bed, n) => {
    const object = bed.past.at(-n);
    if (object !== undefined) bed.server.sendRaw('rolebindings', line('ADDED', object));
  },
  touch: (bed) => bed.server.touch(),
  bookmark: (bed) => bed.server.bookmark('rolebindings'),
  end: (bed) => bed.server.endWatches('rolebindings'),
  cut: (bed) => bed.server.cutWatches('rolebindings'),
  cutWithinLine: (bed) => {
    bed.server.sendRaw('rolebindings', '{"type":"ADDED","object":{');
    bed.server.cutWatches('rolebindings');
  },
  garbage: (bed) => bed.server.sendRaw('rolebindings', 'garbage\n'),
  freeze: (bed) => bed.server.freezeWatches('rolebindings'),
  forget: (bed) => bed.server.forgetHistory(),
  expirePages: (bed) => bed.server.expireContinuations(),
  goneAsEvent: (bed) => (bed.server.goneAs = 'event'),
  goneAsStatus: (bed) => (bed.server.goneAs = 'status'),
  oldServer: (bed) => (bed.server.knowsWatchList = false),
  newServer: (bed) => (bed.server.knowsWatchList = true),
  error: (bed) => bed.server.sendError('rolebindings', { code: 500 }),
  expired: (bed) => bed.server.sendError('rolebindings', { reason: 'Expired' }),
  refuse: (bed, n) => {
    const status = [401, 403, 429, 500, 504][n % 5] ?? 500;
    bed.server.answerNext((_, response) => {
      sendStatus(response, status, 'Any');
      return true;
    });
  },
  restart: async (bed) => {
    await bed.server.stop();
    bed.server.forgetHistory();
    await bed.server.listen();
  },
  aSecond: (bed) => bed.clock.advance(1_000),
  aMinute: (bed) => bed.clock.advance(80_000),
  aTurn: () => new Promise((resolve) => setTimeout(resolve, 3)),
};

/** What changes policy happens more often than what goes wrong. */
const changes = ['bind', 'unbind', 'recreate', 'repeat', 'aTurn'];
const kinds = [...Object.keys(happenings), ...changes, ...changes, ...changes];

describe('a reflector, whatever happens', () => {
  // The bed fails it when a right that had gone comes back.
  it('ends with what the server has, and brings no right back on the way', async () => {
    const step = fc.record({ kind: fc.constantFrom(...kinds), n: fc.nat(6) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const bed = await ReflectorBed.start();
        try {
          const reflector = bed.reflect('rolebindings');
          await bed.until('loaded', () => reflector.progress.isLoaded);
          for (const { kind, n } of steps) {
            await happenings[kind]?.(bed, n);
            if (n % 2 === 0) await bed.clock.advance(400);
            if (n % 3 === 0) await happenings['aTurn']?.(bed, n);
          }
          await bed.converged();
          expect(bed.count('kfgw_rbac_stream_faults_total', internal)).toBe(0);
        } finally {
          await bed.close();
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  }, 120_000);
});

const internal = { type: 'rolebindings', reason: 'internal' };
