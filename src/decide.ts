// Owns the decision: the one function that every door asks, and the only maker of Permit and Public.
import { accessDetail, refusalReason, type AccessDetail } from './access/access-detail.ts';
import type { Answer, Authorizer } from './access/authorizer.ts';
import type {
  BodyCheck,
  CatalogueMatch,
  Demand,
  MatchedRoute,
} from './access/catalogue/matched-route.ts';
import type { ResourceQuestion } from './access/rbac/access-question.ts';
import type { Grant } from './access/rbac/rbac-reader.ts';
import { outsideScope } from './access/token-limits.ts';
import { checkWorkgroupCreate } from './access/workgroup-create.ts';
import type { Authentication, Identity } from './identity/authentication.ts';
import type { Fields } from './kernel/fields.ts';
import type { ReasonCode } from './kernel/reasons.ts';
import type { ClientKind } from './request/client-kind.ts';
import type { RequestHead } from './request/request-head.ts';

const maker = Symbol('made by decide');

/** Why a permit was given. */
interface Basis {
  /** What allowed it; undefined where the route asks nothing of RBAC. */
  readonly grant?: Grant;
  /** What enforcing would have refused: shadow mode only. */
  readonly shadowed?: ShadowedRefusal;
}

export interface ShadowedRefusal {
  readonly reason: ReasonCode;
  readonly access: AccessDetail | undefined;
}

/** Proof that an identified caller may pass; nothing is forwarded without it or Public. */
export class Permit {
  readonly kind = 'permit';
  readonly identity: Identity;
  readonly grant: Grant | undefined;
  readonly shadowed: ShadowedRefusal | undefined;

  constructor(proof: typeof maker, identity: Identity, basis: Basis) {
    if (proof !== maker) throw new TypeError('only decide() makes a Permit');
    this.identity = identity;
    this.grant = basis.grant;
    this.shadowed = basis.shadowed;
  }
}

/** Proof that the route is public: forwarded without any identity header. */
export class Public {
  readonly kind = 'public';

  constructor(proof: typeof maker) {
    if (proof !== maker) throw new TypeError('only decide() makes a Public');
  }
}

/** Why a bearer token did not do, in the words of RFC 6750 section 3.1. */
export type BearerError = 'invalid_token' | 'insufficient_scope';

export interface Refusal {
  readonly kind: 'refuse';
  readonly reason: ReasonCode;
  /** What was asked, and what would be enough. */
  readonly access?: AccessDetail;
  /** Methods that are taken here, where only the method was wrong. */
  readonly allow?: readonly string[];
  /** Where it is the token that does not allow it. */
  readonly bearerError?: 'insufficient_scope';
  /** The name that its scope lacks. */
  readonly missingScope?: string | undefined;
}

/** The body has to be read before the answer. A door that cannot read bodies asks `unread`. */
export interface Inspection {
  readonly kind: 'inspect';
  readonly maxBytes: number;
  /** The outcome for the body, a JSON object. */
  check(body: Fields): Decided;
  /** The outcome without it, as configured. */
  unread(): Decided;
}

/** What a door can act upon. */
export type Decided =
  | Permit
  | Public
  /** Sign in, or 401: `client` says which form the caller can use. */
  | {
      readonly kind: 'challenge';
      readonly reason: ReasonCode;
      readonly client: ClientKind;
      /** Where a token was sent. */
      readonly bearerError?: 'invalid_token';
    }
  | Refusal
  /** The caller's namespace is being set up: come back in so many seconds. */
  | { readonly kind: 'provisioning'; readonly reason: ReasonCode; readonly retryAfterSec: number }
  | { readonly kind: 'unavailable'; readonly reason: ReasonCode; readonly retryAfterSec: number };

export type Outcome = Decided | Inspection;

/** What `decide` looks at besides the identity. `client` is told by request/client-kind.ts. */
export interface Question {
  readonly head: RequestHead;
  readonly match: CatalogueMatch;
  readonly client: ClientKind;
  /** False when the request's Origin or Sec-Fetch-Site shows that another site made it. */
  readonly isSameSite: boolean;
}

/** Who may do what, and how strictly that is held. */
export interface AccessRules {
  readonly authorizer: Authorizer;
  /** `shadow` forwards what namespace rules refuse, and says so in the Permit. */
  readonly mode: 'enforce' | 'shadow';
  /** What becomes of a row with `inspect` where the body cannot be read. */
  readonly uninspected: 'refuse' | 'allow';
}

const publicOutcome = new Public(maker);

/** True where no credential is judged at all. */
export function isPublic({ match }: Pick<Question, 'match'>): boolean {
  return match.kind === 'route' && match.route.demand.kind === 'public';
}

/**
 * The outcome for a question. On a public route no credential is judged. A cookie is ambient
 * authority, so a request that another site made with it is refused (CSRF, cross-site WebSocket);
 * a token is treated alike, so that one rule holds for what browsers send.
 */
export function decide(
  question: Question,
  authentication: Authentication,
  rules: AccessRules,
): Outcome {
  const { match } = question;
  if (match.kind === 'refused') return { kind: 'refuse', reason: match.reason };
  if (match.route.demand.kind === 'public') return publicOutcome;
  switch (authentication.kind) {
    case 'unavailable':
      return authentication;
    case 'conflict':
      return { kind: 'refuse', reason: authentication.reason };
    case 'rejected':
      return {
        kind: 'challenge',
        reason: authentication.reason,
        client: 'program',
        bearerError: 'invalid_token',
      };
    case 'absent':
      return { kind: 'challenge', reason: authentication.reason, client: question.client };
    case 'authenticated':
      if (!question.isSameSite && !isProgram(question, authentication.identity))
        return { kind: 'refuse', reason: 'cross_site' };
      return decideFor(authentication.identity, match.route, rules);
  }
}

/**
 * Browsers name the Origin of every WebSocket (RFC 6455 section 4.1). Without one, a cookie was taken
 * along by who knows what; a token is what programs such as Jupyter's kernel clients have in hand.
 */
function isProgram({ head }: Question, { credential }: Identity): boolean {
  const { origin, fetchSite } = head.hints;
  return credential.kind === 'token' && origin === undefined && fetchSite === undefined;
}

/** A token's scope is held against the route first: it is no namespace rule, and has no shadow mode. */
function decideFor(identity: Identity, route: MatchedRoute, rules: AccessRules): Outcome {
  const { credential } = identity;
  const scope = credential.kind === 'token' ? credential.scope : undefined;
  const shortfall = scope && outsideScope(scope, route);
  if (shortfall !== undefined)
    return { kind: 'refuse', ...shortfall, bearerError: 'insufficient_scope' };
  return answerTo(identity, route, rules);
}

function answerTo(identity: Identity, { demand }: MatchedRoute, rules: AccessRules): Outcome {
  switch (demand.kind) {
    case 'public':
      return publicOutcome;
    case 'authenticated':
      return new Permit(maker, identity, {});
    case 'questions':
      return conclude(identity, rules.authorizer.ask(identity.principal, demand.questions), rules);
    case 'deny':
      return denied(demand);
    case 'inspect':
      return inspection(identity, demand, rules);
  }
}

function conclude(identity: Identity, answer: Answer, rules: AccessRules): Decided {
  switch (answer.kind) {
    case 'allowed':
      return new Permit(maker, identity, { grant: answer.grant });
    case 'unavailable':
      return answer;
    case 'provisioning': {
      const { retryAfterSec } = answer;
      const outcome = { kind: 'provisioning', reason: 'namespace_being_set_up' } as const;
      return hold(identity, { ...outcome, retryAfterSec }, rules);
    }
    case 'denied':
      return hold(identity, refusalOf(answer.question), rules);
  }
}

/** In shadow mode what the namespace rules refuse is forwarded, and told. */
function hold(
  identity: Identity,
  outcome: Extract<Decided, { kind: 'refuse' | 'provisioning' }>,
  rules: AccessRules,
): Decided {
  if (rules.mode === 'enforce') return outcome;
  const access = outcome.kind === 'refuse' ? outcome.access : undefined;
  return new Permit(maker, identity, { shadowed: { reason: outcome.reason, access } });
}

function refusalOf(question: ResourceQuestion): Refusal {
  return { kind: 'refuse', reason: refusalReason(question), access: accessDetail(question) };
}

function denied({ reason, allow }: Extract<Demand, { kind: 'deny' }>): Refusal {
  return { kind: 'refuse', reason, ...(allow === undefined ? {} : { allow }) };
}

/** What judges a body, by the name that the catalogue has for it. */
const bodyChecks = { workgroup_create: checkWorkgroupCreate } satisfies Record<BodyCheck, unknown>;

/** The questions that a check asks are answered as any other. */
function inspection(
  identity: Identity,
  { check: name, maxBytes }: Extract<Demand, { kind: 'inspect' }>,
  rules: AccessRules,
): Inspection {
  return {
    kind: 'inspect',
    maxBytes,
    check(body) {
      const found = bodyChecks[name](body, identity.principal);
      if (found.kind === 'own') return new Permit(maker, identity, {});
      const answer = rules.authorizer.ask(identity.principal, found.questions);
      if (answer.kind !== 'denied') return conclude(identity, answer, rules);
      return { kind: 'refuse', reason: 'owner_is_someone_else' };
    },
    unread() {
      if (rules.uninspected === 'allow') return new Permit(maker, identity, {});
      return { kind: 'refuse', reason: 'body_not_inspected' };
    },
  };
}
