// Owns what one row of the catalogue says, with the defaults of its application filled in.
import type { AskTemplate } from './ask-line.ts';
import type { BodyCheck } from './matched-route.ts';
import type { PathPattern } from './path-pattern.ts';

/** The methods that the gateway serves at all. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

/** What a request demands that shows no namespace; `cluster` asks for the whole cluster. */
export type Fallback = 'authenticated' | 'public' | 'deny' | 'cluster';

/** Where a request shows its namespace. */
export type NamespaceSource =
  | { readonly kind: 'none' }
  /** The placeholder `{namespace}` of the path, or of the host. */
  | { readonly kind: 'path' }
  | { readonly kind: 'host' }
  | {
      readonly kind: 'query';
      /** Spellings of one parameter: the backend takes each of them. */
      readonly parameters: readonly string[];
      /** The parameter holds a namespace only where one of `parameters` has one of `values`. */
      readonly when?: {
        readonly parameters: readonly string[];
        readonly values: readonly string[];
      };
    };

export interface RouteRow {
  readonly id: string;
  /** Where it is written; lines count from 1. */
  readonly place: { readonly file: string; readonly line: number };
  /** Empty for a row that goes by host. */
  readonly paths: readonly PathPattern[];
  /** Host patterns, or those of the configuration; undefined for a row that goes by path. */
  readonly hosts: readonly string[] | 'inferenceHosts' | undefined;
  readonly methods: readonly Method[] | 'any';
  readonly class: string;
  /** Undefined: told from the method. */
  readonly effect: 'read' | 'write' | undefined;
  readonly neverRedirect: boolean;
  readonly passAuthorization: boolean;
  readonly isByIdOnly: boolean;
  /** Tells and changes nothing of any namespace: a token limited to namespaces may call it. */
  readonly isNamespaceFree: boolean;
  /** Object names need not be DNS-1123 subdomains. */
  readonly hasFreeNames: boolean;
  readonly refusesMethodOverride: boolean;
  /** The application routes by a Referer that has this in it. */
  readonly refusedReferer: string | undefined;
  readonly namespace: NamespaceSource;
  /** Query parameters that must not name another namespace than the path. */
  readonly mustAgree: readonly string[];
  /** Query parameters by which the backend finds a namespace of its own. */
  readonly overriddenBy: readonly string[];
  readonly ask: readonly AskTemplate[];
  readonly noNamespace: Fallback;
  readonly emptyNamespace: Fallback;
  /** For the Allow header of a row that denies because of the method. */
  readonly allow: readonly Method[] | undefined;
  readonly inspect: { readonly check: BodyCheck; readonly maxBytes: number } | undefined;
  /** Why service accounts cannot use this behind Kubeflow's own checks; undefined where they can. */
  readonly serviceAccountsCannot: string | undefined;
}
