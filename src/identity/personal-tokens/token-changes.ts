// Owns what this replica has heard of tokens: which may have changed since they were read, and which it
// has ended itself.
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { Change } from '../session/change-channel.ts';

/** Beyond it the oldest change is forgotten, and every token read before it is doubted. */
const MOST_CHANGES = 10_000;

interface TokenChange {
  readonly at: number;
  readonly endedBy: ReasonCode | undefined;
}

/** Changes are numbered in the order in which they are heard; whoever reads a token notes the number first. */
export class TokenChanges {
  /** Oldest first. */
  readonly #changes = new Map<string, TokenChange>();
  #count = 0;
  /** Whatever was read at or before this number may have changed. */
  #allDoubtedAt = -1;

  /** The number of the newest change. */
  get count(): number {
    return this.#count;
  }

  heard(change: Change): void {
    this.#count += 1;
    if (change.kind === 'all') this.#allDoubtedAt = this.#count - 1;
    else this.#note(change.key, this.#changes.get(change.key)?.endedBy);
  }

  /** The store has taken this replica's own end of a token. */
  ended(key: string, reason: ReasonCode): void {
    this.#count += 1;
    this.#note(key, reason);
  }

  /** Whether what was read when the newest change was `count` may be the old state. */
  isChangedSince(key: string, count: number): boolean {
    return count <= this.#allDoubtedAt || count < (this.#changes.get(key)?.at ?? 0);
  }

  /** Why this replica ended the token lately; undefined when it did not. */
  endOf(key: string): ReasonCode | undefined {
    return this.#changes.get(key)?.endedBy;
  }

  #note(key: string, endedBy: ReasonCode | undefined): void {
    this.#changes.delete(key);
    this.#changes.set(key, { at: this.#count, endedBy });
    if (this.#changes.size > MOST_CHANGES) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [key, { at }] of this.#changes) {
      this.#changes.delete(key);
      this.#allDoubtedAt = Math.max(this.#allDoubtedAt, at - 1);
      return;
    }
  }
}
