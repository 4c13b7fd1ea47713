// Owns the ways in which loading or watching a type can end, and what of the API server's answers
// means which.
import { SECOND_MS } from '../../kernel/duration.ts';
import { fieldsOf } from '../../kernel/fields.ts';

/** What went wrong, as a label of metrics. */
export type FaultReason =
  /** Not reached, not in time, or cut off. */
  | 'connection'
  /** A status that means nothing more particular. */
  | 'status'
  | 'unauthorized'
  | 'forbidden'
  | 'throttled'
  /** A replica of the API server that has not seen yet what another one told us. */
  | 'too_large_version'
  /** The stream ended within a line. */
  | 'truncated'
  /** What was said is not what the API says. */
  | 'malformed'
  | 'oversized'
  /** Nothing came where something had to. */
  | 'silent'
  /** The stream ended as soon as it had begun. */
  | 'short'
  /** The server's history ends before what we have seen. */
  | 'went_back'
  /** A fault of our own. */
  | 'internal';

/** Resuming would run into the same again, or skip something. */
export const loadAgainAfter: ReadonlySet<FaultReason> = new Set([
  'malformed',
  'oversized',
  'went_back',
  'internal',
]);
/** Several in a row, and it is the version that the server does not like. */
export const countsAsStrike: ReadonlySet<FaultReason> = new Set(['status', 'too_large_version']);
/** Says nothing of whether the server can stream a load. */
export const unrelatedToStreaming: ReadonlySet<FaultReason> = new Set([
  'connection',
  'unauthorized',
  'forbidden',
  'throttled',
  'internal',
]);

export interface Fault {
  readonly kind: 'fault';
  readonly reason: FaultReason;
  /** For people; without credentials. */
  readonly problem: string;
  /** Milliseconds that the server asked to wait for. */
  readonly retryAfterMs?: number;
}

export type Failure =
  | Fault
  /** The version, or the page after it, is out of the server's history (410, Expired). */
  | { readonly kind: 'gone' }
  /** The server does not know the type (404). */
  | { readonly kind: 'absent' }
  /** The server does not know the request (400, 422), as WatchList before Kubernetes 1.32. */
  | { readonly kind: 'unsupported'; readonly problem: string };

export function fault(reason: FaultReason, problem: string): Fault {
  return { kind: 'fault', reason, problem };
}

/** What an answer says of itself: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface StatusText {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly string[];
  readonly retryAfterMs: number | undefined;
}

const LONGEST_MESSAGE = 300;

/** Of a `Status` object, or of anything else as far as it is one; the code is `code` where it says none. */
export function readStatus(value: unknown, code: number): StatusText {
  const status = fieldsOf(value);
  const details = fieldsOf(status['details']);
  const causes = Array.isArray(details['causes']) ? (details['causes'] as unknown[]) : [];
  const seconds = details['retryAfterSeconds'];
  return {
    code: typeof status['code'] === 'number' ? status['code'] : code,
    reason: textOf(status['reason']),
    message: textOf(status['message']).slice(0, LONGEST_MESSAGE),
    causes: causes.map((cause) => textOf(fieldsOf(cause)['reason'])),
    retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * SECOND_MS : undefined,
  };
}

/** What a refused request, or an ERROR event, comes down to. */
export function failureOf(status: StatusText): Failure {
  const { code, reason, message, causes } = status;
  const problem = `status ${code}${message === '' ? '' : `: ${message}`}`;
  if (code === 410 || reason === 'Gone' || reason === 'Expired') return { kind: 'gone' };
  if (code === 404) return { kind: 'absent' };
  if (causes.includes('ResourceVersionTooLarge') || /too large resource version/i.test(message)) {
    return waiting(fault('too_large_version', problem), status);
  }
  if (code === 400 || code === 422) return { kind: 'unsupported', problem };
  return waiting(fault(reasonOf(code), problem), status);
}

function reasonOf(code: number): FaultReason {
  if (code === 401) return 'unauthorized';
  if (code === 403) return 'forbidden';
  return code === 429 ? 'throttled' : 'status';
}

function waiting(failure: Fault, { retryAfterMs }: StatusText): Fault {
  return retryAfterMs === undefined ? failure : { ...failure, retryAfterMs };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
