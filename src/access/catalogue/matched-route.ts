// Owns what the catalogue says of a request: which row it falls under, and what that row demands.
import type { ReasonCode } from '../../kernel/reasons.ts';
import type { ResourceQuestion } from '../rbac/access-question.ts';

/** The id of what no row names. */
export const UNMATCHED = 'unmatched';

/** Why a body must be read before the answer. Each names one check in code. */
export type BodyCheck = 'workgroup_create';

export type Demand =
  /** Anybody; no identity header is sent. */
  | { readonly kind: 'public' }
  /** Anybody who is signed in. */
  | { readonly kind: 'authenticated' }
  /** All of these must be allowed; never empty. */
  | { readonly kind: 'questions'; readonly questions: readonly ResourceQuestion[] }
  /** Nobody: 403, or 405 where only the method is wrong. */
  | { readonly kind: 'deny'; readonly reason: ReasonCode; readonly allow?: readonly string[] }
  /** The body decides; at most `maxBytes` of it are read. */
  | { readonly kind: 'inspect'; readonly check: BodyCheck; readonly maxBytes: number };

export interface MatchedRoute {
  /** Stable name of the row, for logs, metrics and explanations; UNMATCHED where no row fits. */
  readonly id: string;
  /** `notebooks`, `pipelines`, `inference`, …: what tokens are limited to. */
  readonly class: string;
  /** The class of the row that fits by host, where another one fits by path: a token needs both. */
  readonly hostClass?: string;
  readonly effect: 'read' | 'write';
  /** What programs call is never redirected to a login. */
  readonly neverRedirect: boolean;
  /** The caller's Authorization header is passed on. */
  readonly passAuthorization: boolean;
  /** The namespace that the request shows; undefined where it shows none. */
  readonly namespace: string | undefined;
  /** True where the backend may act on a namespace that the request does not show. */
  readonly isByIdOnly: boolean;
  /** True where it tells and changes nothing of any namespace. */
  readonly isNamespaceFree?: boolean;
  readonly demand: Demand;
  /** Why service accounts cannot use it behind the gateway, whatever RBAC says: for explanations. */
  readonly serviceAccountsCannot?: string | undefined;
}

export type CatalogueMatch =
  | { readonly kind: 'route'; readonly route: MatchedRoute }
  /** Ambiguous where it decides: 400, whoever asks. */
  | { readonly kind: 'refused'; readonly reason: ReasonCode; readonly routeId: string };
