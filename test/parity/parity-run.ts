// Owns holding an index against a real API server: random policies, random questions, every answer compared.
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import type { RbacReader } from '../../src/access/rbac/rbac-reader.ts';
import type { RecordSinks } from '../../src/access/rbac/record-sink.ts';
import { fill } from './fill.ts';
import { oracleAllows } from '../fixtures/rbac-oracle.ts';
import {
  changed,
  randomChanges,
  randomPolicy,
  randomQuestion,
  type AskedQuestion,
} from '../fixtures/rbac-policies.ts';
import type { Policy } from '../fixtures/rbac-oracle.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import type { KubeClient } from '../neighbours/kube-client.ts';
import type { ParityCase, RecordedCase } from './parity-case.ts';
import { isAllowedBy, subjectsOf } from './reader-answers.ts';
import { reviewOf } from './review-of.ts';
import { ServedPolicy } from './served-policy.ts';
import { plainly } from './served-type.ts';
import { shrink } from './shrink.ts';

const QUESTIONS_PER_POLICY = 300;
/** Every so many policies all is new; between them it changes bit by bit. */
const ALL_NEW_EVERY = 4;
const CHANGES_AT_MOST = 12;
/** More than these are counted, and not made small. */
const SHRUNK_AT_MOST = 3;

export interface ParityPlan {
  /** Of an API server that is used by nobody else. */
  readonly client: KubeClient;
  readonly seed: number;
  readonly questions: number;
  /** Makes what is compared, from nothing; another index than ours shows that a difference is seen. */
  readonly makeIndex?: () => IndexUnderTest;
  /** An index that follows the same API server by itself. */
  readonly followers?: readonly RbacReader[];
  /** Ends with the policy that first made a difference. */
  readonly stopsAtFirst?: boolean;
  readonly onProgress?: (sofar: ParityCount) => void;
}

export interface IndexUnderTest {
  readonly reader: RbacReader;
  readonly sinks: RecordSinks;
}

export interface ParityCount {
  readonly asked: number;
  /** Questions that not everybody answered as the API server did. */
  readonly differed: number;
  readonly policies: number;
  readonly allowed: number;
  /** What the API server did not accept: objects that its validation refused, questions that it found malformed. */
  readonly refusedObjects: number;
  readonly refusedQuestions: number;
}

export interface ParityResult extends ParityCount {
  /** Differences as small as they could be made. */
  readonly found: readonly RecordedCase[];
}

export async function runParity(plan: ParityPlan): Promise<ParityResult> {
  const run = new ParityRun(plan);
  await run.run();
  return run.result();
}

class ParityRun {
  readonly #plan: ParityPlan;
  readonly #random: SeededRandom;
  readonly #index: IndexUnderTest;
  readonly #served: ServedPolicy;
  readonly #found: RecordedCase[] = [];
  #asked = 0;
  #differed = 0;
  #policies = 0;
  #allowed = 0;
  #refusedQuestions = 0;

  constructor(plan: ParityPlan) {
    this.#plan = plan;
    this.#random = new SeededRandom(plan.seed);
    this.#index = this.#newIndex();
    this.#served = new ServedPolicy(plan.client, this.#index.sinks);
  }

  async run(): Promise<void> {
    await this.#served.load();
    while (!this.#isDone()) {
      await this.#served.become(this.#nextPolicy(), this.#random, this.#readers());
      this.#policies++;
      const own = this.#served.own();
      const left = this.#plan.questions - this.#asked;
      const questions = Array.from({ length: Math.min(QUESTIONS_PER_POLICY, left) }, () =>
        randomQuestion(this.#random, own),
      );
      const differing = await this.#compareAll(this.#served.whole(), questions);
      for (const { asked, isAllowed } of differing) {
        await this.#record({ policy: own, asked }, isAllowed);
      }
      this.#plan.onProgress?.(this.result());
    }
  }

  #isDone(): boolean {
    const { questions, stopsAtFirst = false } = this.#plan;
    return this.#asked >= questions || (stopsAtFirst && this.#found.length > 0);
  }

  result(): ParityResult {
    return {
      ...{ asked: this.#asked, differed: this.#differed, policies: this.#policies },
      ...{ allowed: this.#allowed, refusedObjects: this.#served.refused },
      ...{ refusedQuestions: this.#refusedQuestions, found: this.#found },
    };
  }

  #newIndex(): IndexUnderTest {
    return this.#plan.makeIndex?.() ?? newIndex();
  }

  #readers(): RbacReader[] {
    return [this.#index.reader, ...(this.#plan.followers ?? [])];
  }

  #nextPolicy(): Policy {
    if (this.#policies % ALL_NEW_EVERY === 0) return randomPolicy(this.#random, 'valid');
    let policy = this.#served.own();
    const rounds = 1 + this.#random.below(CHANGES_AT_MOST);
    for (let round = 0; round < rounds; round++) {
      policy = randomChanges(this.#random, policy, 'valid').reduce(changed, policy);
    }
    return policy;
  }

  /** The questions that were answered otherwise than by the server, with the server's answer. */
  async #compareAll(
    policy: Policy,
    questions: readonly AskedQuestion[],
  ): Promise<{ asked: AskedQuestion; isAllowed: boolean }[]> {
    const answers = await Promise.all(
      questions.map(async (asked) => ({ asked, isAllowed: await this.#answerOfServer(asked) })),
    );
    const differing: { asked: AskedQuestion; isAllowed: boolean }[] = [];
    for (const { asked, isAllowed } of answers) {
      if (isAllowed === undefined) {
        this.#refusedQuestions++;
        continue;
      }
      this.#asked++;
      if (isAllowed) this.#allowed++;
      if (isSameFor(this.#readers(), policy, asked, isAllowed)) continue;
      this.#differed++;
      differing.push({ asked, isAllowed });
    }
    return differing;
  }

  async #answerOfServer(asked: AskedQuestion): Promise<boolean | undefined> {
    const { implicitGroups } = subjectsOf(this.#index.reader, asked.asker);
    const review = await this.#plan.client.review(reviewOf(asked, implicitGroups));
    return review.kind === 'decided' ? review.isAllowed : undefined;
  }

  async #record(found: ParityCase, isAllowed: boolean): Promise<void> {
    if (this.#found.length >= SHRUNK_AT_MOST) return;
    const where = `seed ${this.#plan.seed}, policy ${this.#policies}`;
    if (!(await this.#differsAnew(found))) {
      const about = `${where}: differs after this history only, not for an index made anew`;
      this.#found.push({ ...found, about, isAllowed });
      return;
    }
    const smallest = await shrink(found, (smaller) => this.#differsAnew(smaller));
    await this.#served.become(smallest.policy, plainly);
    const answer = await this.#answerOfServer(smallest.asked);
    this.#found.push({ ...smallest, about: where, isAllowed: answer ?? isAllowed });
  }

  /** Is the case answered wrongly by an index that never knew anything else? */
  async #differsAnew({ policy, asked }: ParityCase): Promise<boolean> {
    await this.#served.become(policy, plainly);
    const isAllowed = await this.#answerOfServer(asked);
    if (isAllowed === undefined) return false;
    const index = this.#newIndex();
    const whole = this.#served.whole();
    fill(index.sinks, whole);
    return !isSameFor([index.reader], whole, asked, isAllowed);
  }
}

function newIndex(): IndexUnderTest {
  const index = new RbacIndex();
  return { reader: index, sinks: index.sinks };
}

/** Whether these indexes and the oracle all answer so. */
function isSameFor(
  readers: readonly RbacReader[],
  policy: Policy,
  asked: AskedQuestion,
  isAllowed: boolean,
): boolean {
  const { asker, question } = asked;
  const [index] = readers;
  const implicit = index === undefined ? [] : subjectsOf(index, asker).implicitGroups;
  const asServerIsAsked = { ...asker, groups: [...asker.groups, ...implicit] };
  return (
    oracleAllows(policy, asServerIsAsked, question) === isAllowed &&
    readers.every((reader) => isAllowedBy(reader, asked) === isAllowed)
  );
}
