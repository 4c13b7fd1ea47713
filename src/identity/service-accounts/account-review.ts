// Owns asking the cluster whether a token that was verified still stands for a living account.
import type { ReasonCode } from '../../kernel/reasons.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { rejected, type TokenVerdict } from '../bearer/token-verifier.ts';
import type { ServiceAccount } from './service-account-claims.ts';
import type { Cluster, TokenReviewOutcome } from './cluster.ts';

export type ReviewedAccount =
  | {
      readonly kind: 'confirmed';
      /** Those of the audiences asked for that the API server found in the token: at least one. */
      readonly audiences: readonly string[];
      /** As VerifiedToken has it. */
      readonly ended: () => ReasonCode | undefined;
    }
  | Exclude<TokenVerdict, { readonly kind: 'verified' }>;

export interface AccountReviewDeps {
  readonly cluster: Pick<Cluster, 'review' | 'serviceAccountUid' | 'storedServiceAccountUid'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const RETRY_AFTER_SEC = 2;
const unavailable: ReviewedAccount = {
  kind: 'unavailable',
  reason: 'token_review_unavailable',
  retryAfterSec: RETRY_AFTER_SEC,
};

export class AccountReview {
  readonly #deps: AccountReviewDeps;
  #isAnswered = true;

  constructor(deps: AccountReviewDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async confirm(
    token: string,
    account: ServiceAccount,
    audiences: readonly string[],
  ): Promise<ReviewedAccount> {
    const outcome = await this.#deps.cluster.review(token, audiences);
    this.#deps.metrics.increment('kfgw_token_reviews_total', { result: outcome.kind });
    this.#tellWhether(outcome.kind !== 'unavailable', 'problem' in outcome ? outcome.problem : '');
    switch (outcome.kind) {
      case 'unavailable':
        return unavailable;
      case 'unauthenticated':
        return rejected('token_ended', `the API server says: ${outcome.problem}`);
      case 'authenticated':
        return this.#compared(outcome, account, audiences);
    }
  }

  async #compared(
    { username, uid, audiences: found }: Extract<TokenReviewOutcome, { kind: 'authenticated' }>,
    account: ServiceAccount,
    asked: readonly string[],
  ): Promise<ReviewedAccount> {
    if (username !== account.userId || uid !== account.uid) {
      return rejected('invalid_token', 'the API server knows it as the token of somebody else');
    }
    // An authenticator that knows nothing of audiences answers without any (TokenReview v1, spec.audiences).
    const audiences = asked.filter((audience) => found.includes(audience));
    if (audiences.length === 0) {
      return rejected('token_audience', 'the API server did not confirm the audience');
    }
    const isGone = await this.#isGone(account);
    if (isGone === undefined) return unavailable;
    if (isGone) return rejected('token_ended', 'the service account is gone');
    return { kind: 'confirmed', audiences, ended: endOf(account, this.#deps.cluster) };
  }

  /**
   * Whether the account is another one by now, or none; undefined where that cannot be found out. A
   * review may be as old as the API server's cache of tokens (10 s), the watch may be behind a new
   * account: where the two differ, what is stored decides.
   */
  async #isGone(account: ServiceAccount): Promise<boolean | undefined> {
    const { cluster } = this.#deps;
    const watched = cluster.serviceAccountUid(account.namespace, account.name);
    if (watched === 'unknown' || watched?.uid === account.uid) return false;
    try {
      const stored = await cluster.storedServiceAccountUid(account.namespace, account.name);
      return stored !== account.uid;
    } catch (error) {
      this.#tellWhether(false, errorText(error));
      return undefined;
    }
  }

  #tellWhether(isAnswered: boolean, problem: string): void {
    const { logger } = this.#deps;
    if (isAnswered && !this.#isAnswered) {
      logger.info('The API server can be asked about service-account tokens again.');
    } else if (!isAnswered && this.#isAnswered) {
      logger.warn('The API server cannot be asked about service-account tokens.', { problem });
    }
    this.#isAnswered = isAnswered;
  }
}

/** A uid that the watch has once shown and shows no more is gone for good; one it has yet to show is not. */
function endOf(
  { namespace, name, uid }: ServiceAccount,
  cluster: Pick<Cluster, 'serviceAccountUid'>,
): () => ReasonCode | undefined {
  let wasThere = false;
  const ended = (): ReasonCode | undefined => {
    const watched = cluster.serviceAccountUid(namespace, name);
    if (watched === 'unknown') return undefined;
    const isThere = watched?.uid === uid;
    wasThere ||= isThere;
    return wasThere && !isThere ? 'token_ended' : undefined;
  };
  ended();
  return ended;
}
