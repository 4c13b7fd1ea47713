// Owns watching an index's answers while the policy changes: none may be one that neither the policy
// before nor the policy after gives.
import type { RbacReader } from '../../src/access/rbac/rbac-reader.ts';
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';
import { isAllowedBy } from './reader-answers.ts';

const LOOK_EVERY_MS = 2;

/** The answers to each question, in their order, one for each time that it changed. */
export class AnswerWatch {
  readonly #reader: RbacReader;
  readonly #questions: ReadonlyMap<string, AskedQuestion>;
  readonly #answers = new Map<string, boolean[]>();
  readonly #timer: NodeJS.Timeout;

  /** Begins to ask at once, and goes on until it is ended. */
  constructor(reader: RbacReader, questions: ReadonlyMap<string, AskedQuestion>) {
    this.#reader = reader;
    this.#questions = questions;
    this.#look();
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS);
  }

  end(): ReadonlyMap<string, readonly boolean[]> {
    clearInterval(this.#timer);
    this.#look();
    return this.#answers;
  }

  #look(): void {
    for (const [who, asked] of this.#questions) {
      const answers = this.#answers.get(who) ?? [];
      const answer = isAllowedBy(this.#reader, asked);
      if (answers.at(-1) !== answer) answers.push(answer);
      this.#answers.set(who, answers);
    }
  }
}
