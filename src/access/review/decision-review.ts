// Owns the comparison of sampled decisions with what the API server says, off the request path.
import type { Cancel, Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { errorText, type LogFields, type Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { chance, type Random } from '../../kernel/random.ts';
import type { PolicySource } from '../policy-source.ts';
import type { ResourceQuestion } from '../rbac/access-question.ts';
import type { RbacReader, Subjects } from '../rbac/rbac-reader.ts';
import { reviewQuestion, type Review, type ReviewAnswer } from './subject-access-review.ts';

export interface DecisionReviewOptions {
  /** Of so many decisions one is asked about again; 0 asks about none. */
  readonly sampleOneIn: number;
  /** Most questions to the API server per second. */
  readonly perSecond: number;
}

export interface DecisionReviewDeps {
  readonly review: Review;
  readonly rbac: Pick<RbacReader, 'grantOf'>;
  readonly policy: Pick<PolicySource, 'state'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Decisions that wait for an answer at once. */
const MOST_WAITING = 100;
/** A change reaches the index and the API server's own caches within this time, or something is wrong. */
const BARRIER_MS = 5 * SECOND_MS;

interface Decision {
  readonly subjects: Subjects;
  readonly question: ResourceQuestion;
  /** What was decided; undefined for one that differed, for which both sides are asked anew. */
  readonly wasAllowed: boolean | undefined;
}

type Result = 'ok' | 'differs' | 'conditional' | 'failed' | 'dropped';

/**
 * Finds authorizers besides RBAC, an index that has stood still, and mistakes of ours. A difference
 * counts when it is still there a while later: both sides learn of a change at their own time.
 */
export class DecisionReview {
  readonly #options: DecisionReviewOptions;
  readonly #deps: DecisionReviewDeps;
  readonly #queue: Decision[] = [];
  readonly #barriers = new Set<Cancel>();
  /** Decisions until the next sample. */
  #countdown: number;
  #next: Cancel | undefined = undefined;
  #isAsking = false;
  #isClosed = false;
  #isAnswered = true;

  constructor(options: DecisionReviewOptions, deps: DecisionReviewDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#countdown = this.#gap();
  }

  /** Hears of every decision; all but the sampled ones cost a subtraction. */
  note(subjects: Subjects, question: ResourceQuestion, isAllowed: boolean): void {
    if (--this.#countdown > 0) return;
    this.#countdown = this.#gap();
    if (this.#queue.length + this.#barriers.size >= MOST_WAITING) this.#count('dropped');
    else this.#enqueue({ subjects, question, wasAllowed: isAllowed });
  }

  close(): void {
    this.#isClosed = true;
    this.#next?.();
    this.#queue.length = 0;
    for (const cancel of this.#barriers) cancel();
    this.#barriers.clear();
  }

  /** Random, so that no rhythm of the traffic is always missed; `sampleOneIn` on average. */
  #gap(): number {
    const { sampleOneIn } = this.#options;
    if (sampleOneIn === 0) return Number.POSITIVE_INFINITY;
    return 1 + Math.floor(chance(this.#deps.random) * (2 * sampleOneIn - 1));
  }

  #enqueue(decision: Decision): void {
    if (this.#isClosed) return;
    this.#queue.push(decision);
    this.#schedule();
  }

  /** One at a time, and a pause before each. */
  #schedule(): void {
    if (this.#isClosed || this.#isAsking || this.#queue.length === 0) return;
    this.#next ??= this.#deps.clock.after(SECOND_MS / this.#options.perSecond, () => {
      this.#next = undefined;
      const decision = this.#queue.shift();
      if (decision !== undefined) void this.#ask(decision);
    });
  }

  async #ask(decision: Decision): Promise<void> {
    const { review, logger } = this.#deps;
    this.#isAsking = true;
    try {
      const before = decision.wasAllowed ?? this.#allows(decision);
      const answer = await review(reviewQuestion(decision.subjects, decision.question));
      if (!this.#isClosed) this.#compare(decision, before, answer);
    } catch (error) {
      logger.error('A decision could not be reviewed.', { error: errorText(error) });
    } finally {
      this.#isAsking = false;
      this.#schedule();
    }
  }

  #compare(decision: Decision, before: boolean | undefined, answer: ReviewAnswer): void {
    this.#tellWhetherAnswered(answer);
    if (answer.kind === 'unavailable') {
      this.#count('failed');
      return;
    }
    if (answer.kind === 'conditional') {
      this.#count('conditional');
      this.#deps.logger.warn(
        'An authorizer answers with conditions, which RBAC does not have.',
        questionFields(decision),
      );
      return;
    }
    const isAllowed = answer.kind === 'allowed';
    // Asked about while it changed, either answer was right.
    if (before === isAllowed || this.#allows(decision) === isAllowed) this.#count('ok');
    else if (decision.wasAllowed !== undefined) this.#askAgain(decision);
    else this.#report(decision, before, isAllowed);
  }

  #askAgain({ subjects, question }: Decision): void {
    const cancel = this.#deps.clock.after(BARRIER_MS, () => {
      this.#barriers.delete(cancel);
      this.#enqueue({ subjects, question, wasAllowed: undefined });
    });
    this.#barriers.add(cancel);
  }

  #report(decision: Decision, indexAllows: boolean | undefined, apiAllows: boolean): void {
    if (indexAllows === undefined || this.#allows(decision) === undefined) {
      this.#count('failed'); // An index that is known to be old proves nothing.
      return;
    }
    this.#count('differs');
    const side = indexAllows ? 'allowed' : 'denied';
    this.#deps.metrics.increment('kfgw_rbac_review_differences_total', { index: side });
    this.#deps.logger.error('The API server decides otherwise than the index.', {
      ...questionFields(decision),
      index: side,
      apiServer: apiAllows ? 'allowed' : 'denied',
    });
  }

  /** Undefined while the index cannot be held against anything. */
  #allows({ subjects, question }: Decision): boolean | undefined {
    const { rbac, policy } = this.#deps;
    if (policy.state().kind !== 'current') return undefined;
    return rbac.grantOf(subjects, question) !== undefined;
  }

  #tellWhetherAnswered(answer: ReviewAnswer): void {
    const isAnswered = answer.kind !== 'unavailable';
    if (!isAnswered && this.#isAnswered) {
      this.#deps.logger.warn('Decisions cannot be reviewed.', { problem: answer.problem });
    }
    this.#isAnswered = isAnswered;
  }

  #count(result: Result): void {
    this.#deps.metrics.increment('kfgw_rbac_reviews_total', { result });
  }
}

/** The exact question, so that it can be asked again with `kubectl auth can-i`. */
function questionFields({ subjects, question }: Decision): LogFields {
  const { action, user, groups, namespace, name } = reviewQuestion(subjects, question);
  return { user, groups, ...action, namespace, name };
}
