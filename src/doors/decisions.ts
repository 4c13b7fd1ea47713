// Owns asking the decision about one exchange: who asks, what is decided, and what the audit line will say.
import { UNMATCHED } from '../access/catalogue/matched-route.ts';
import {
  decide,
  isPublic,
  type AccessRules,
  type Outcome,
  type Permit,
  type Public,
  type Question,
} from '../decide.ts';
import type { Authentication } from '../identity/authentication.ts';
import type { RequestAuthenticator } from '../identity/request-authenticator.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Exchange } from './exchange.ts';

export interface DecisionsDeps {
  readonly authenticator: Pick<RequestAuthenticator, 'authenticate' | 'recheck'>;
  readonly rules: AccessRules;
  /** Milliseconds since the index of RBAC was last proved fresh. */
  readonly indexAgeMs: () => number;
  readonly metrics: Metrics;
}

const absent: Authentication = { kind: 'absent', reason: 'sign_in_required' };

export class Decisions {
  readonly #deps: DecisionsDeps;

  constructor(deps: DecisionsDeps) {
    this.#deps = deps;
  }

  /** Synchronous when the credential is cached. No credential is judged on a public route. */
  ask(exchange: Exchange, question: Question): Outcome | Promise<Outcome> {
    this.#noteRoute(exchange, question);
    const found = isPublic(question)
      ? absent
      : this.#deps.authenticator.authenticate(question.head);
    if (found instanceof Promise)
      return found.then((authentication) => this.#decide(exchange, question, authentication));
    return this.#decide(exchange, question, found);
  }

  /** What is decided now, after time has passed in which a credential can have ended. */
  async askAgain(question: Question): Promise<Outcome> {
    const found = await this.#deps.authenticator.recheck(question.head);
    return decide(question, found, this.#deps.rules);
  }

  /** The exchange goes on with this permission. */
  notePermission(exchange: Exchange, permission: Permit | Public): void {
    exchange.conclude(permission.kind);
    if (permission.kind === 'public') return;
    const { grant, shadowed } = permission;
    exchange.grant = grant;
    exchange.shadowed = shadowed;
    if (shadowed !== undefined)
      this.#deps.metrics.increment('kfgw_shadowed_refusals_total', { reason: shadowed.reason });
  }

  #decide(exchange: Exchange, question: Question, authentication: Authentication): Outcome {
    if (authentication.kind === 'authenticated') exchange.identity = authentication.identity;
    if (asksRbac(question)) exchange.indexAgeMs = this.#deps.indexAgeMs();
    return decide(question, authentication, this.#deps.rules);
  }

  #noteRoute(exchange: Exchange, { match }: Question): void {
    if (match.kind !== 'route') return;
    exchange.route = match.route;
    if (match.route.id === UNMATCHED)
      this.#deps.metrics.increment('kfgw_unmatched_requests_total', {});
  }
}

function asksRbac({ match }: Question): boolean {
  return match.kind === 'route' && match.route.demand.kind === 'questions';
}
