// Owns what makes a service-account token of the cluster good: first offline, then by asking the API server.
import { within, type Clock } from '../../kernel/clock.ts';
import { HOUR_MS, SECOND_MS } from '../../kernel/duration.ts';
import type { Fields } from '../../kernel/fields.ts';
import { errorText, type Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { TokenScope } from '../bearer/token-scope.ts';
import {
  rejected,
  type TokenVerdict,
  type TokenVerifier,
  type UnverifiedJwt,
  type UnverifiedToken,
  type VerifiedToken,
} from '../bearer/token-verifier.ts';
import { IssuerKeys } from '../issuers/issuer-keys.ts';
import { audiencesOf, lifetimeOf, tokenHandle, type Lifetime } from '../issuers/token-claims.ts';
import { verifyJws, type JwsRules } from '../issuers/verify-jws.ts';
import { AccountReview, type ReviewedAccount } from './account-review.ts';
import { ClusterIssuers } from './cluster-issuers.ts';
import {
  looksLikeServiceAccount,
  readServiceAccount,
  type ServiceAccount,
} from './service-account-claims.ts';
import type { Cluster } from './cluster.ts';

export interface ServiceAccountOptions {
  /** Besides what the API server calls itself. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  /** Also takes tokens for Kubeflow Pipelines alone, for Pipelines alone. */
  readonly pipelinesAudience: boolean;
  readonly reviewEveryMs: number;
  readonly maxLifetimeMs: number;
  readonly clockToleranceMs: number;
}

export interface ServiceAccountDeps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What kube-apiserver signs with (kubernetes/kubernetes pkg/serviceaccount/jwt.go). */
const ALGORITHMS = ['RS256', 'ES256', 'ES384', 'ES512'];
/** Of tokens kept in Secrets, which never end (pkg/serviceaccount/legacy.go). */
const LEGACY_ISSUER = 'kubernetes/serviceaccount';
/** What Kubeflow's PodDefault asks for (kubeflow/pipelines, TOKEN_REVIEW_AUDIENCE). */
const PIPELINES_AUDIENCE = 'pipelines.kubeflow.org';
const PIPELINES_ONLY: TokenScope = {
  effect: 'write',
  classes: new Set(['pipelines']),
  namespaces: undefined,
  allMyPipelines: false,
};
const KEYS_RENEWED_AFTER_MS = HOUR_MS;
const VERIFY_WITHIN_MS = 2 * SECOND_MS;
/** The form of a token's own name, by which the API server's audit log knows it. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Claims every JWT whose subject is a service account: to be asked after the verifiers of configured issuers. */
export class ServiceAccountVerifier implements TokenVerifier {
  readonly #options: ServiceAccountOptions;
  readonly #deps: ServiceAccountDeps;
  readonly #issuers: ClusterIssuers;
  readonly #jws: JwsRules;
  readonly #review: AccountReview;
  readonly #audiences: readonly string[];

  constructor(options: ServiceAccountOptions, deps: ServiceAccountDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#issuers = new ClusterIssuers(options.issuers, deps);
    const source = {
      load: () => deps.cluster.keySet(),
      renewAfterMs: KEYS_RENEWED_AFTER_MS,
    };
    this.#jws = { algorithms: ALGORITHMS, keys: new IssuerKeys('kubernetes', source, deps) };
    this.#review = new AccountReview(deps);
    this.#audiences = options.pipelinesAudience
      ? [...options.audiences, PIPELINES_AUDIENCE]
      : options.audiences;
  }

  claims({ jwt }: UnverifiedToken): boolean {
    if (jwt === undefined) return false;
    const { iss } = jwt.payload;
    return (
      iss === LEGACY_ISSUER || this.#issuers.includes(iss) || looksLikeServiceAccount(jwt.payload)
    );
  }

  async verify({ text, jwt }: UnverifiedToken): Promise<TokenVerdict> {
    if (jwt === undefined) return rejected('invalid_token', 'no JWT');
    const late = () => new Error(`no verdict within ${VERIFY_WITHIN_MS} ms`);
    try {
      return await within(this.#deps.clock, VERIFY_WITHIN_MS, this.#judge(text, jwt), late);
    } catch (error) {
      this.#deps.logger.warn('A service-account token could not be judged.', {
        problem: errorText(error),
      });
      return { kind: 'unavailable', reason: 'token_review_unavailable', retryAfterSec: 1 };
    }
  }

  async #judge(text: string, jwt: UnverifiedJwt): Promise<TokenVerdict> {
    const problem = await this.#signatureProblem(text, jwt);
    if (problem !== undefined) return problem;
    const { payload } = jwt;
    const lifetime = this.#lifetimeOf(payload);
    if (lifetime.kind === 'rejected') return lifetime;
    const audiences = audiencesOf(payload).filter((name) => this.#audiences.includes(name));
    if (audiences.length === 0) return rejected('token_audience', 'made for another audience');
    const account = readServiceAccount(payload);
    if (account === undefined) return rejected('invalid_token', 'names no service account');
    const reviewed = await this.#review.confirm(text, account, audiences);
    if (reviewed.kind !== 'confirmed') return reviewed;
    const handle = handleOf(text, payload);
    return { kind: 'verified', token: this.#verified({ handle, account, lifetime, reviewed }) };
  }

  /** Whether the cluster has signed it; undefined when it has. */
  async #signatureProblem(
    text: string,
    { header, payload }: UnverifiedJwt,
  ): Promise<TokenVerdict | undefined> {
    if (payload['iss'] !== LEGACY_ISSUER) {
      const issuer = await this.#issuers.judge(payload['iss']);
      if (issuer.kind === 'foreign') return rejected('invalid_token', 'not of this cluster');
      if (issuer.kind === 'unavailable') return { ...issuer, reason: 'issuer_unavailable' };
    }
    const jws = await verifyJws(text, header, this.#jws);
    if (jws.kind === 'signed') return undefined;
    return jws.kind === 'rejected'
      ? rejected('invalid_token', jws.detail)
      : { ...jws, reason: 'issuer_unavailable' };
  }

  #lifetimeOf(payload: Fields): Lifetime {
    if (payload['iss'] === LEGACY_ISSUER) {
      return { kind: 'rejected', reason: 'token_lifetime', detail: 'a legacy token never ends' };
    }
    const { clockToleranceMs: toleranceMs, maxLifetimeMs } = this.#options;
    return lifetimeOf(payload, { toleranceMs, maxLifetimeMs }, this.#deps.clock.nowMs());
  }

  #verified({
    handle,
    account: { userId },
    lifetime: { issuedAtSec, expiresAtMs },
    reviewed: { audiences, ended },
  }: {
    readonly handle: string;
    readonly account: ServiceAccount;
    readonly lifetime: Extract<Lifetime, { kind: 'alive' }>;
    readonly reviewed: Extract<ReviewedAccount, { kind: 'confirmed' }>;
  }): VerifiedToken {
    return {
      handle,
      // Its implicit groups are a matter of RBAC, which adds them itself.
      principal: { userId, groups: [] },
      email: undefined,
      authTimeSec: issuedAtSec,
      expiresAtMs,
      freshForMs: this.#options.reviewEveryMs,
      scope: audiences.some((name) => this.#options.audiences.includes(name))
        ? undefined
        : PIPELINES_ONLY,
      ended,
    };
  }
}

function handleOf(text: string, { jti }: Fields): string {
  return typeof jti === 'string' && UUID.test(jti) ? jti : tokenHandle(text);
}
