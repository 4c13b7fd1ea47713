// Owns what a token may be used for, and how that is written down: as OAuth scopes (RFC 6749 section 3.3).
import { isDnsLabel } from '../../request/dns-name.ts';

/** The effective right is always the owner's RBAC right at that moment and this. */
export interface TokenScope {
  /** `write` includes reading. */
  readonly effect: 'read' | 'write';
  /** Classes of the route catalogue (`notebooks`, `pipelines`, …); undefined: all. */
  readonly classes: ReadonlySet<string> | undefined;
  /** Undefined: every namespace of the owner. */
  readonly namespaces: ReadonlySet<string> | undefined;
  /**
   * Also for requests to Pipelines that do not show their namespace (by an id, or in the body), where
   * Pipelines alone decides: they reach all namespaces of the owner.
   */
  readonly allMyPipelines: boolean;
}

/** The scope whose name says that it goes beyond the token's own namespaces. */
export const ALL_MY_PIPELINES = 'pipelines:all-my-namespaces';
/** More names than a person types, fewer than a cookie holds. */
const MOST_NAMES = 30;
const CLASS = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * The scope that a text of names separated by spaces stands for: `read` or `write`, `class:NAME`,
 * `namespace:NAME`, `pipelines:all-my-namespaces`. Undefined when a name is none of these, or when there
 * are too many; neither `read` nor `write` is `read`.
 */
export function parseTokenScope(text: string): TokenScope | undefined {
  const names = text.split(' ').filter((name) => name !== '');
  if (names.length > MOST_NAMES || !names.every(isKnown)) return undefined;
  const classes = valuesOf(names, 'class:');
  const namespaces = valuesOf(names, 'namespace:');
  return {
    effect: names.includes('write') ? 'write' : 'read',
    classes: classes.size === 0 ? undefined : classes,
    namespaces: namespaces.size === 0 ? undefined : namespaces,
    allMyPipelines: names.includes(ALL_MY_PIPELINES),
  };
}

/** The text of a scope, its names in a fixed order. */
export function formatTokenScope(scope: TokenScope): string {
  return [
    scope.effect,
    ...[...(scope.classes ?? [])].sort().map((name) => `class:${name}`),
    ...[...(scope.namespaces ?? [])].sort().map((name) => `namespace:${name}`),
    ...(scope.allMyPipelines ? [ALL_MY_PIPELINES] : []),
  ].join(' ');
}

function isKnown(name: string): boolean {
  if (name === 'read' || name === 'write' || name === ALL_MY_PIPELINES) return true;
  if (name.startsWith('class:')) return CLASS.test(name.slice('class:'.length));
  return name.startsWith('namespace:') && isDnsLabel(name.slice('namespace:'.length));
}

function valuesOf(names: readonly string[], prefix: string): ReadonlySet<string> {
  return new Set(
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  );
}
