// Owns asking the API server what it makes of somebody's token.
import type { Cluster, TokenReviewOutcome } from '../../identity/service-accounts/cluster.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { fieldsOf, isFields } from '../../kernel/fields.ts';
import type { ApiClient } from './api-client.ts';
import { askTwice } from './second-try.ts';

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews';
const WITHIN_MS = 2 * SECOND_MS;
const LONGEST_PROBLEM = 200;

/**
 * Asks by TokenReview, which needs `create tokenreviews.authentication.k8s.io`. An API server keeps
 * what it has found for some seconds itself: 10 s for a good token
 * (kubernetes/kubernetes pkg/kubeapiserver/options/authentication.go).
 */
export function tokenReview(client: Pick<ApiClient, 'postJson'>, clock: Clock): Cluster['review'] {
  return async (token, audiences) => {
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences },
    };
    const ask = (withinMs: number) => client.postJson(PATH, review, withinMs);
    const answer = await askTwice(ask, WITHIN_MS, clock);
    const outcome = answer.kind === 'ok' ? readOutcome(answer.body) : unavailable(answer.problem);
    return outcome.kind === 'authenticated' ? outcome : withoutToken(outcome, token);
  };
}

/** Go leaves out what is empty or false: a status without `authenticated` says no. */
function readOutcome(value: unknown): TokenReviewOutcome {
  const { status } = fieldsOf(value);
  const { authenticated = false, error, user, audiences } = fieldsOf(status);
  if (!isFields(status) || typeof authenticated !== 'boolean') return malformed();
  if (!authenticated) {
    const problem = typeof error === 'string' ? error : '';
    return { kind: 'unauthenticated', problem };
  }
  const { username, uid = '' } = fieldsOf(user);
  if (typeof username !== 'string' || typeof uid !== 'string') return malformed();
  return { kind: 'authenticated', username, uid, audiences: textsOf(audiences) };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((entry): entry is string => typeof entry === 'string')
    : [];
}

/** What authenticators and proxies say of a token is for logs, where the token must not be. */
function withoutToken<T extends { readonly problem: string }>(outcome: T, token: string): T {
  const problem = outcome.problem.replaceAll(token, '(the token)').slice(0, LONGEST_PROBLEM);
  return { ...outcome, problem };
}

function malformed(): TokenReviewOutcome {
  return unavailable('the review has no answer');
}

function unavailable(problem: string): Extract<TokenReviewOutcome, { kind: 'unavailable' }> {
  return { kind: 'unavailable', problem };
}
