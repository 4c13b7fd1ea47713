// Owns what becomes of a request of somebody, and why: the decision in full, for operators.
import type { Principal } from '../../identity/principal.ts';
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { Demand, MatchedRoute } from '../catalogue/matched-route.ts';
import type { RoutedHead, RouteMatcher } from '../catalogue/route-matcher.ts';
import { refusalReason } from '../access-detail.ts';
import { enoughRole, type EnoughRole } from '../enough-role.ts';
import { whyUnanswered, type PolicySource } from '../policy-source.ts';
import { questionText, type ResourceQuestion } from '../rbac/access-question.ts';
import { bindingText, objectText } from '../rbac/object-text.ts';
import type { ExplainedGrant, NearMiss, RbacReader } from '../rbac/rbac-reader.ts';
import type { BindingRecord, RuleRecord } from '../rbac/rbac-records.ts';
import { checkWorkgroupCreate } from '../workgroup-create.ts';

/** Names of objects are written as `RoleBinding team-a/admins`, or `ClusterRole view`. */
export interface AllowedBy {
  /** None of these but the subject for `system:masters`, whom no binding has to allow anything. */
  readonly binding?: string;
  readonly subject: string;
  readonly role?: string;
  readonly rule?: RuleRecord;
}

export interface NearestMissing {
  readonly binding: string;
  readonly role: string;
  readonly why: NearMiss['why'];
}

export type QuestionExplanation =
  | { readonly question: string; readonly allowed: true; readonly by: AllowedBy }
  | {
      readonly question: string;
      readonly allowed: false;
      /** Nearest first; empty where nothing comes near. */
      readonly nearest: readonly NearestMissing[];
      /** The weakest role of stock Kubeflow that grants it. */
      readonly enoughRole: EnoughRole;
    };

/**
 * - `allowed`, `denied`: by the route, or by RBAC
 * - `depends`: on the body of the request; the questions are asked where it names somebody else
 * - `refused`: the request can be read in two ways, whoever sends it
 * - `unavailable`: the roles and bindings are not known
 */
export type Decision = 'allowed' | 'denied' | 'depends' | 'refused' | 'unavailable';

/** Plain data: this is what `--json` prints and `/explain` answers. */
export interface RequestExplanation {
  readonly decision: Decision;
  /** Why it is not allowed. */
  readonly reason?: ReasonCode;
  /** The methods that are taken, where only the method is wrong. */
  readonly allow?: readonly string[];
  /** It is forwarded nevertheless: `access.mode` is `shadow`. */
  readonly shadowed?: true;
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly user: string;
  readonly groups: readonly string[];
  /** Groups that Kubernetes adds to everybody, or to service accounts. */
  readonly implicitGroups: readonly string[];
  /** Absent where the request is refused before a row is chosen. */
  readonly route?: Pick<MatchedRoute, 'id' | 'class' | 'effect' | 'isByIdOnly'> & {
    readonly namespace?: string;
    readonly demand: Demand['kind'];
  };
  readonly questions: readonly QuestionExplanation[];
  /** Why it is refused behind the gateway to this caller, a service account, although it is allowed here. */
  readonly refusedBehind?: string;
}

export interface ExplanationParts {
  readonly matcher: RouteMatcher;
  readonly rbac: RbacReader;
  readonly policy: Pick<PolicySource, 'state'>;
  readonly mode: 'enforce' | 'shadow';
}

/** Slow and complete; decides as `decide` does for somebody who is signed in and on the gateway's own site. */
export function explainRequest(
  head: RoutedHead,
  principal: Principal,
  parts: ExplanationParts,
): RequestExplanation {
  const about = askedAbout(head, principal, parts.rbac);
  const match = parts.matcher.match(head);
  if (match.kind === 'refused')
    return { ...about, decision: 'refused', reason: match.reason, questions: [] };
  const { id, class: routeClass, effect, isByIdOnly, namespace, demand } = match.route;
  const shown = namespace === undefined ? {} : { namespace };
  const route = { id, class: routeClass, effect, isByIdOnly, ...shown, demand: demand.kind };
  const outcome = outcomeOf(demand, principal, parts);
  return { ...about, route, ...outcome, ...behind(match.route, principal, outcome) };
}

/** User names of service accounts: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
const SERVICE_ACCOUNT = 'system:serviceaccount:';

function behind(
  { serviceAccountsCannot: why }: MatchedRoute,
  { userId }: Principal,
  { decision }: Outcome,
): Pick<RequestExplanation, 'refusedBehind'> {
  const isRefused = decision === 'allowed' && userId.startsWith(SERVICE_ACCOUNT);
  return isRefused && why !== undefined ? { refusedBehind: why } : {};
}

/** Of a request that breaks a rule before it is looked up. */
export function explainRefusal(
  asked: { readonly method: string; readonly url: string },
  principal: Principal,
  reason: ReasonCode,
  rbac: RbacReader,
): RequestExplanation {
  const { method, url } = asked;
  const who = askedBy(principal, rbac);
  return { ...who, decision: 'refused', reason, method, url, host: '', questions: [] };
}

function askedAbout(head: RoutedHead, principal: Principal, rbac: RbacReader) {
  const { method, target, host } = head;
  return { method, url: target.raw, host, ...askedBy(principal, rbac) };
}

function askedBy(principal: Principal, rbac: RbacReader) {
  const { userId, groups } = principal;
  return { user: userId, groups, implicitGroups: rbac.subjectsOf(principal).implicitGroups };
}

type Outcome = Pick<RequestExplanation, 'decision' | 'reason' | 'allow' | 'shadowed' | 'questions'>;

function outcomeOf(demand: Demand, principal: Principal, parts: ExplanationParts): Outcome {
  switch (demand.kind) {
    case 'public':
    case 'authenticated':
      return { decision: 'allowed', questions: [] };
    case 'deny':
      return {
        decision: 'denied',
        reason: demand.reason,
        questions: [],
        ...(demand.allow !== undefined && { allow: demand.allow }),
      };
    case 'questions':
      return shadowing(asked(demand.questions, principal, parts), parts);
    case 'inspect': {
      // The body is not known here: this is what is asked where it names somebody else.
      const foreign = checkWorkgroupCreate({ user: null }, principal);
      const outcome = asked(foreign.kind === 'own' ? [] : foreign.questions, principal, parts);
      return outcome.decision === 'denied'
        ? { decision: 'depends', reason: 'owner_is_someone_else', questions: outcome.questions }
        : outcome;
    }
  }
}

/** Shadow mode holds for what RBAC refuses, and for nothing else. */
function shadowing(outcome: Outcome, { mode }: ExplanationParts): Outcome {
  const isShadowed = mode === 'shadow' && outcome.decision === 'denied';
  return isShadowed ? { ...outcome, shadowed: true } : outcome;
}

function asked(
  questions: readonly ResourceQuestion[],
  principal: Principal,
  { rbac, policy }: ExplanationParts,
): Outcome {
  const unanswered = whyUnanswered(policy.state());
  if (unanswered !== undefined)
    return { decision: 'unavailable', reason: unanswered, questions: [] };
  const explained = questions.map((question) => explainQuestion(question, principal, rbac));
  const denied = questions.find((_question, index) => explained[index]?.allowed === false);
  if (denied === undefined) return { decision: 'allowed', questions: explained };
  return { decision: 'denied', reason: refusalReason(denied), questions: explained };
}

function explainQuestion(
  question: ResourceQuestion,
  principal: Principal,
  rbac: RbacReader,
): QuestionExplanation {
  const text = questionText(question);
  const explanation = rbac.explain(rbac.subjectsOf(principal), question);
  if (explanation.kind === 'allowed')
    return { question: text, allowed: true, by: allowedBy(explanation.grant) };
  return {
    question: text,
    allowed: false,
    nearest: explanation.nearest.map(({ binding, why }) => ({
      binding: bindingText(binding),
      role: roleRefText(binding),
      why,
    })),
    enoughRole: enoughRole(question),
  };
}

function allowedBy({ binding, subject, role, rule }: ExplainedGrant): AllowedBy {
  return {
    ...(binding !== undefined && { binding: bindingText(binding) }),
    subject,
    ...(role !== undefined && { role: objectText(role.kind, role) }),
    ...(rule !== undefined && { rule }),
  };
}

function roleRefText({ namespace, roleRef: { kind, name } }: BindingRecord): string {
  return objectText(kind, { namespace: kind === 'Role' ? namespace : '', name });
}
