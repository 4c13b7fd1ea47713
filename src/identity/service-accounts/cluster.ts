// Owns the interface to what a cluster tells of service-account tokens: its keys, its reviews, its accounts.
import type { JSONWebKeySet } from 'jose';

export type TokenReviewOutcome =
  | {
      readonly kind: 'authenticated';
      readonly username: string;
      readonly uid: string;
      /** Those of the audiences asked for that the API server found in the token. */
      readonly audiences: readonly string[];
    }
  /** The API server knows the token no longer, or never did. */
  | { readonly kind: 'unauthenticated'; readonly problem: string }
  /** No answer, not in time, or the gateway may not ask. */
  | { readonly kind: 'unavailable'; readonly problem: string };

export interface Cluster {
  /** POST authentication.k8s.io/v1 TokenReview. Never rejects; ends within 2 s. */
  review(token: string, audiences: readonly string[]): Promise<TokenReviewOutcome>;
  /** The API server's `/openid/v1/jwks`, asked for with the gateway's own credentials. Rejects when it does not answer. */
  keySet(): Promise<JSONWebKeySet>;
  /**
   * The issuer that the API server names in `/.well-known/openid-configuration`; undefined where it
   * answers but names none. Rejects when it does not answer.
   */
  issuer(): Promise<string | undefined>;
  /**
   * The uid of a ServiceAccount as the watch knows it: `unknown` while the watch cannot be believed,
   * undefined where there is no such account.
   */
  serviceAccountUid(
    namespace: string,
    name: string,
  ): { readonly uid: string } | undefined | 'unknown';
  /**
   * The same as the API server has it stored now, for where the watch and a review say different
   * things; undefined where there is no such account. Rejects when it does not answer.
   */
  storedServiceAccountUid(namespace: string, name: string): Promise<string | undefined>;
}
