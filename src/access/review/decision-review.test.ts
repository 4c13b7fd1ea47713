import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import type { Logger, LogFields } from '../../kernel/logger.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { PolicyState } from '../policy-source.ts';
import type { ResourceQuestion } from '../rbac/access-question.ts';
import type { Subjects } from '../rbac/rbac-reader.ts';
import { DecisionReview, type DecisionReviewOptions } from './decision-review.ts';
import type { ReviewAnswer, ReviewQuestion } from './subject-access-review.ts';

const subjects: Subjects = {
  principal: { userId: 'user@example.com', groups: ['team'] },
  implicitGroups: ['system:authenticated'],
};
const question: ResourceQuestion = {
  action: { verb: 'get', group: 'kubeflow.org', resource: 'notebooks', subresource: '' },
  namespace: 'team-a',
  name: 'lab',
};
const asked = {
  user: 'user@example.com',
  groups: ['team', 'system:authenticated'],
  verb: 'get',
  group: 'kubeflow.org',
  resource: 'notebooks',
  subresource: '',
  namespace: 'team-a',
  name: 'lab',
};

/** What the two sides say at the moment, and what came of it. */
class Bed {
  readonly clock = new FakeClock();
  readonly asked: ReviewQuestion[] = [];
  readonly results = new Map<string, number>();
  readonly differences: string[] = [];
  readonly log: { level: string; message: string; fields: LogFields }[] = [];
  indexAllows = true;
  policy: PolicyState = { kind: 'current' };
  api: () => Promise<ReviewAnswer> = () => Promise.resolve({ kind: 'allowed' });
  readonly review: DecisionReview;

  constructor(options: Partial<DecisionReviewOptions> = {}) {
    this.review = new DecisionReview(
      { sampleOneIn: 1, perSecond: 10, ...options },
      {
        review: (reviewed) => {
          this.asked.push(reviewed);
          return this.api();
        },
        rbac: { grantOf: () => (this.indexAllows ? { binding: undefined } : undefined) },
        policy: { state: () => this.policy },
        clock: this.clock,
        random: systemRandom,
        logger: this.#logger(),
        metrics: {
          ...silentMetrics,
          increment: (name, labels) => {
            const label = Object.values(labels).join();
            if (name === 'kfgw_rbac_review_differences_total') this.differences.push(label);
            else this.results.set(label, (this.results.get(label) ?? 0) + 1);
          },
        },
      },
    );
  }

  answer(answer: ReviewAnswer): void {
    this.api = () => Promise.resolve(answer);
  }

  note(count = 1, isAllowed = this.indexAllows): void {
    for (let at = 0; at < count; at++) this.review.note(subjects, question, isAllowed);
  }

  #logger(): Logger {
    const at =
      (level: string) =>
      (message: string, fields: LogFields = {}): void => {
        this.log.push({ level, message, fields });
      };
    return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
  }
}

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => {
  bed.review.close();
});

describe('a decision that the API server confirms', () => {
  it('is asked off the request path, with every group that the index counted', async () => {
    bed.note();
    expect(bed.asked).toEqual([]);
    await bed.clock.advance(100);
    expect(bed.asked).toEqual([
      { ...question, user: 'user@example.com', groups: ['team', 'system:authenticated'] },
    ]);
    expect(Object.fromEntries(bed.results)).toEqual({ ok: 1 });
    expect(bed.log).toEqual([]);
  });

  it('may be a refusal', async () => {
    bed.indexAllows = false;
    bed.answer({ kind: 'denied' });
    bed.note();
    await bed.clock.advance(10_000);
    expect(Object.fromEntries(bed.results)).toEqual({ ok: 1 });
    expect(bed.asked).toHaveLength(1);
  });
});

describe('a decision that the API server does not confirm', () => {
  it.each([
    ['allowed', true, { kind: 'denied' }],
    ['denied', false, { kind: 'allowed' }],
  ] as const)(
    'is reported with the exact question once it has lasted: %s',
    async (side, indexAllows, api) => {
      bed.indexAllows = indexAllows;
      bed.answer(api);
      bed.note();
      await bed.clock.advance(4_000);
      expect([bed.asked.length, bed.differences, bed.log]).toEqual([1, [], []]);
      await bed.clock.advance(2_000);
      expect(bed.asked).toHaveLength(2);
      expect(bed.differences).toEqual([side]);
      expect(Object.fromEntries(bed.results)).toEqual({ differs: 1 });
      expect(bed.log).toEqual([
        {
          level: 'error',
          message: 'The API server decides otherwise than the index.',
          fields: { ...asked, index: side, apiServer: api.kind },
        },
      ]);
    },
  );

  it('is nothing when the index has come to the same answer meanwhile', async () => {
    bed.answer({ kind: 'denied' });
    bed.note();
    bed.indexAllows = false;
    await bed.clock.advance(10_000);
    expect(Object.fromEntries(bed.results)).toEqual({ ok: 1 });
    expect(bed.asked).toHaveLength(1);
  });

  it('is nothing when the API server has, within the time that its caches take', async () => {
    bed.answer({ kind: 'denied' });
    bed.note();
    await bed.clock.advance(4_000);
    bed.answer({ kind: 'allowed' });
    await bed.clock.advance(4_000);
    expect(Object.fromEntries(bed.results)).toEqual({ ok: 1 });
    expect(bed.asked).toHaveLength(2);
  });

  it('is nothing when the index changes while it is asked about the second time', async () => {
    bed.answer({ kind: 'denied' });
    bed.note();
    await bed.clock.advance(4_000);
    bed.api = () => {
      bed.indexAllows = false;
      return Promise.resolve({ kind: 'denied' });
    };
    await bed.clock.advance(4_000);
    expect(bed.differences).toEqual([]);
    expect(Object.fromEntries(bed.results)).toEqual({ ok: 1 });
  });

  it('proves nothing while the index is known to be old', async () => {
    bed.answer({ kind: 'denied' });
    bed.note();
    bed.policy = { kind: 'degraded', stale: ['rolebindings'] };
    await bed.clock.advance(10_000);
    expect(Object.fromEntries(bed.results)).toEqual({ failed: 1 });
    expect(bed.differences).toEqual([]);
  });
});

describe('an answer that is none', () => {
  it('is counted, told once, and told again only after it worked', async () => {
    bed.answer({ kind: 'unavailable', problem: 'status 403' });
    bed.note(3);
    await bed.clock.advance(1_000);
    expect(Object.fromEntries(bed.results)).toEqual({ failed: 3 });
    expect(bed.log).toEqual([
      {
        level: 'warn',
        message: 'Decisions cannot be reviewed.',
        fields: { problem: 'status 403' },
      },
    ]);
    bed.answer({ kind: 'allowed' });
    bed.note();
    await bed.clock.advance(1_000);
    bed.answer({ kind: 'unavailable', problem: 'status 403' });
    bed.note();
    await bed.clock.advance(1_000);
    expect(bed.log).toHaveLength(2);
  });

  it('with conditions is counted and told: RBAC has none', async () => {
    bed.answer({ kind: 'conditional' });
    bed.note();
    await bed.clock.advance(10_000);
    expect(Object.fromEntries(bed.results)).toEqual({ conditional: 1 });
    expect(bed.log).toMatchObject([{ level: 'warn', fields: asked }]);
  });

  it('does not end the reviewing when it is a fault of ours', async () => {
    bed.api = () => Promise.reject(new Error('a bug'));
    bed.note();
    await bed.clock.advance(1_000);
    expect(bed.log).toMatchObject([{ level: 'error', fields: { error: 'Error: a bug' } }]);
    bed.answer({ kind: 'allowed' });
    bed.note();
    await bed.clock.advance(1_000);
    expect(bed.results.get('ok')).toBe(1);
  });
});

describe('what is asked', () => {
  it('is one decision of so many, on average and without a rhythm', async () => {
    bed = new Bed({ sampleOneIn: 10, perSecond: 1_000 });
    const gaps: number[] = [];
    for (let at = 0, since = 1; at < 2_000; at++, since++) {
      const before = bed.asked.length;
      bed.note();
      await bed.clock.advance(1);
      if (bed.asked.length === before) continue;
      gaps.push(since);
      since = 0;
    }
    expect(gaps.length).toBeGreaterThan(130);
    expect(gaps.length).toBeLessThan(300);
    expect(new Set(gaps).size).toBeGreaterThan(3);
    expect(Math.max(...gaps)).toBeLessThan(20);
  });

  it('is nothing where one in 0 is asked for', async () => {
    bed = new Bed({ sampleOneIn: 0 });
    bed.note(100_000);
    await bed.clock.advance(60_000);
    expect(bed.asked).toEqual([]);
  });

  it('is at most so much per second, one at a time, and what does not fit is dropped', async () => {
    bed.note(150);
    expect(Object.fromEntries(bed.results)).toEqual({ dropped: 50 });
    await bed.clock.advance(1_000);
    expect(bed.asked).toHaveLength(10);
    bed.api = () => new Promise(() => undefined);
    await bed.clock.advance(60_000);
    expect(bed.asked).toHaveLength(11);
  });

  it('counts those that wait to be asked again among what waits', async () => {
    bed = new Bed({ perSecond: 1_000 });
    bed.answer({ kind: 'denied' });
    bed.note(100);
    await bed.clock.advance(200);
    expect(bed.asked).toHaveLength(100);
    bed.note();
    expect(Object.fromEntries(bed.results)).toEqual({ dropped: 1 });
  });

  it('is nothing any more once it is closed', async () => {
    bed.answer({ kind: 'denied' });
    bed.note(2);
    await bed.clock.advance(100);
    bed.review.close();
    bed.note();
    await bed.clock.advance(60_000);
    expect(bed.asked).toHaveLength(1);
    expect(bed.log).toEqual([]);
  });
});
