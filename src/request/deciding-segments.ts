// Owns the segments of a path that decide (application, namespace, object) and their stricter rules.
import type { ReasonCode } from '../kernel/reasons.ts';
import { isDnsLabel, isDnsSubdomain } from './dns-name.ts';
import type { Target } from './target.ts';

/** Which leading segments decide, and which of them must be Kubernetes names. */
export interface DecidingRule {
  /** So many segments from the first on decide. */
  readonly count: number;
  /** Index of the segment that names a namespace: a DNS-1123 label. */
  readonly namespaceAt: number | undefined;
  /** Index of the segment that names an object: a DNS-1123 subdomain. */
  readonly objectAt: number | undefined;
}

const plain: DecidingRule = { count: 3, namespaceAt: undefined, objectAt: undefined };
const objectOfApplication: DecidingRule = { count: 3, namespaceAt: 1, objectAt: 2 };
const workspace: DecidingRule = { count: 4, namespaceAt: 2, objectAt: 3 };
const namespacesApi: DecidingRule = { count: 4, namespaceAt: 3, objectAt: undefined };
const eventsApi: DecidingRule = { count: 4, namespaceAt: undefined, objectAt: undefined };
const eventsNamespacesApi: DecidingRule = { count: 5, namespaceAt: 4, objectAt: undefined };

/** Applications that serve one object each below `/APPLICATION/NAMESPACE/NAME/`. */
const objectApplications: ReadonlySet<string> = new Set([
  'notebook',
  'tensorboard',
  'pvcviewers',
  'serving',
]);

/**
 * The rule where no route says otherwise: the first three segments; four below `/workspace/connect/`;
 * `/APP/api/[sse/]namespaces/NS` up to NS. Told from the decoded segments, so that no spelling of
 * a segment escapes its rule.
 */
export function defaultDecidingRule(target: Target): DecidingRule {
  const [first = '', second, third, fourth] = target.decodedSegments;
  if (objectApplications.has(first)) return objectOfApplication;
  if (first === 'workspace' && second === 'connect') return workspace;
  if (second !== 'api') return plain;
  if (third === 'namespaces') return namespacesApi;
  if (third !== 'sse') return plain;
  return fourth === 'namespaces' ? eventsNamespacesApi : eventsApi;
}

/** The reason to refuse the target because of a segment that decides by `rule`; undefined when there is none. */
export function checkDecidingSegments(target: Target, rule: DecidingRule): ReasonCode | undefined {
  const last = target.segments.length - 1;
  const end = Math.min(rule.count, target.segments.length);
  for (let index = 0; index < end; index++) {
    const raw = target.segments[index] ?? '';
    if (raw === '' ? index !== last : isAmbiguous(raw, target.decodedSegments[index] ?? ''))
      return 'target_ambiguous';
  }
  return namesAreValid(target, rule) ? undefined : 'target_name';
}

/** Reserved characters that parsers treat differently once decoded. */
const decodedTrouble = /[/%;]/;
/**
 * An escape of an unreserved character (RFC 3986 section 2.3). Envoy's prefix match keeps it, most
 * applications decode it: `/%6eotebook/` would be two different routes. No client needs it.
 */
const needlessEscape = /%(?:2d|2e|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/i;

function isAmbiguous(raw: string, decoded: string): boolean {
  return decodedTrouble.test(decoded) || (raw !== decoded && needlessEscape.test(raw));
}

function namesAreValid(target: Target, rule: DecidingRule): boolean {
  return (
    isNameOrEnd(target.decodedSegments, rule.namespaceAt, isDnsLabel) &&
    isNameOrEnd(target.decodedSegments, rule.objectAt, isDnsSubdomain)
  );
}

/** A path may end before the name, with or without a slash: `/notebook`, `/notebook/`. */
function isNameOrEnd(
  segments: readonly string[],
  index: number | undefined,
  isName: (text: string) => boolean,
): boolean {
  const segment = index === undefined ? '' : (segments[index] ?? '');
  return segment === '' || isName(segment);
}
