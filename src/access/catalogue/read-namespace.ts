// Owns reading the namespace of a request where its row says that it is.
import type { ReasonCode } from '../../kernel/reasons.ts';
import { isDnsLabel } from '../../request/dns-name.ts';
import { readQueryParameter, type QueryParameter } from '../../request/query-parameter.ts';
import type { Target } from '../../request/target.ts';
import type { NamespaceSource, RouteRow } from './route-row.ts';

export type ReadNamespace =
  | { readonly kind: 'shown'; readonly namespace: string; readonly isOverridden: boolean }
  /** The parameter is there and empty. */
  | { readonly kind: 'empty'; readonly isOverridden: boolean }
  | { readonly kind: 'absent'; readonly isOverridden: boolean }
  | { readonly kind: 'refused'; readonly reason: ReasonCode };

const absent: ReadNamespace = { kind: 'absent', isOverridden: false };
const ambiguous: ReadNamespace = { kind: 'refused', reason: 'namespace_ambiguous' };
const notAName: ReadNamespace = { kind: 'refused', reason: 'target_name' };

/** The namespace; `isOverridden` where a parameter makes the backend look up one of its own. */
export function readNamespace(row: RouteRow, namespaceAt: number, target: Target): ReadNamespace {
  switch (row.namespace.kind) {
    case 'none':
    case 'host':
      return absent;
    case 'path':
      return inPath(row, target.decodedSegments[namespaceAt] ?? '', target);
    case 'query':
      return inQuery(row, row.namespace, target);
  }
}

/** An empty parameter agrees with anything: backends take it for one that is absent. */
function inPath(row: RouteRow, namespace: string, target: Target): ReadNamespace {
  if (!isDnsLabel(namespace)) return notAName;
  if (target.query !== undefined && row.mustAgree.length > 0) {
    const read = readOneOf(target, row.mustAgree);
    if (read.kind === 'refused') return ambiguous;
    if (read.kind === 'value' && read.value !== '' && read.value !== namespace) return ambiguous;
  }
  return { kind: 'shown', namespace, isOverridden: false };
}

type QuerySource = Extract<NamespaceSource, { kind: 'query' }>;

function inQuery(row: RouteRow, source: QuerySource, target: Target): ReadNamespace {
  if (target.query === undefined) return absent;
  const overriding = readOneOf(target, row.overriddenBy);
  const read = readOneOf(target, source.parameters);
  const holds = source.when === undefined || holdsNamespace(source.when, target);
  if (overriding.kind === 'refused' || read.kind === 'refused' || holds === undefined)
    return ambiguous;
  const isOverridden = hasText(overriding) || (!holds && hasText(read));
  return holds && read.kind === 'value'
    ? namespaceIn(read.value, isOverridden)
    : { kind: 'absent', isOverridden };
}

function hasText(read: QueryParameter): boolean {
  return read.kind === 'value' && read.value !== '';
}

/** Undefined where that can be read twice. */
function holdsNamespace(
  when: NonNullable<QuerySource['when']>,
  target: Target,
): boolean | undefined {
  const read = readOneOf(target, when.parameters);
  if (read.kind === 'refused') return undefined;
  return read.kind === 'value' && when.values.includes(read.value);
}

function namespaceIn(value: string, isOverridden: boolean): ReadNamespace {
  if (value === '') return { kind: 'empty', isOverridden };
  return isDnsLabel(value) ? { kind: 'shown', namespace: value, isOverridden } : notAName;
}

const none: QueryParameter = { kind: 'absent' };
const twice: QueryParameter = { kind: 'refused' };

/** The value of a parameter that has several spellings. Refused where more than one of them is sent. */
function readOneOf(target: Target, spellings: readonly string[]): QueryParameter {
  let found = none;
  for (const spelling of spellings) {
    const read = readQueryParameter(target, spelling);
    if (read.kind === 'absent') continue;
    if (read.kind === 'refused' || found.kind === 'value') return twice;
    found = read;
  }
  return found;
}
