// Owns what Envoy is told of a permitted request: which headers the application gets from us, and which
// of the client's are taken away.
import type { Permit, Public, Question } from '../decide.ts';
import { withoutOwnCookies } from '../request/cookies.ts';
import type { Hygiene } from '../request/hygiene.ts';
import { ALWAYS_MANAGED_HEADERS } from '../request/managed-headers.ts';
import { forEachHeader } from '../request/raw-headers.ts';
import { ASSERTION_HEADER } from './outgoing-headers.ts';

/** Names are in lower case; no name stands in both lists, and no value is empty. */
export interface CheckAnswer {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

export interface CheckAnswersOptions {
  /**
   * Who names the caller to the application: the mesh, from the claims of the session JWT that we set
   * (`token`), or we (`header`).
   */
  readonly identity: 'token' | 'header';
  /**
   * Managed headers by their exact names, as configured, besides those that always are; prefixes are of
   * no use to a removal list.
   */
  readonly managedHeaders: readonly string[];
}

/**
 * Overrides of method, path and origin by which an application would act on something other than what
 * was judged (CVE-2026-40575, CVE-2023-27487). Address and scheme are the mesh's to write.
 */
const OVERRIDES: readonly string[] = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-original-method',
  'x-original-host',
  'x-rewrite-url',
  'x-forwarded-uri',
  'x-forwarded-prefix',
  'x-envoy-original-path',
];

export class CheckAnswers {
  readonly #identity: CheckAnswersOptions['identity'];
  readonly #hygiene: Hygiene;
  readonly #removable: readonly string[];
  /** By what is set and what is removed besides: a handful. */
  readonly #lists = new Map<string, readonly string[]>();

  constructor({ identity, managedHeaders }: CheckAnswersOptions, hygiene: Hygiene) {
    this.#identity = identity;
    this.#hygiene = hygiene;
    const exact = [...ALWAYS_MANAGED_HEADERS, ...managedHeaders, ASSERTION_HEADER]
      .filter((name) => !name.endsWith('*'))
      .map((name) => name.toLowerCase());
    this.#removable = [...new Set([...exact, ...OVERRIDES].flatMap(spellings))];
  }

  /**
   * For an application. What Envoy is neither told to set nor to remove reaches the application as the
   * client sent it, so that every managed header is in one of the lists (Envoy's ext_authz removes a
   * header that is in both).
   */
  forApplication(question: Question, permission: Permit | Public): CheckAnswer {
    const set = [...this.#identityHeaders(permission)];
    const removed: string[] = [];
    const { head, match } = question;
    const passesAuthorization = match.kind === 'route' && match.route.passAuthorization;
    if (!passesAuthorization) removed.push('authorization');
    const cookie = cookieOf(head.rawHeaders);
    const kept = cookie && withoutOwnCookies(cookie);
    if (cookie !== undefined && kept === undefined) removed.push('cookie');
    else if (kept !== undefined && kept !== cookie) set.push(['cookie', kept]);
    return this.#withManaged(question, set, removed);
  }

  /** For the gateway's own pages, which read the cookies and tokens that applications must not see. */
  forOwnPage(question: Question): CheckAnswer {
    return this.#withManaged(question, [], []);
  }

  #identityHeaders(permission: Permit | Public): readonly (readonly [string, string])[] {
    if (permission.kind === 'public') return [];
    const { identity } = permission;
    if (this.#identity === 'token') return [[ASSERTION_HEADER, identity.assertion()]];
    return identity.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  }

  #withManaged(
    { head }: Question,
    set: readonly (readonly [string, string])[],
    removed: readonly string[],
  ): CheckAnswer {
    // Managed by a prefix: only those that were sent can be named.
    if (head.removedHeaders.length > 0)
      return { set, remove: this.#remaining(set, [...removed, ...this.#sent(head.rawHeaders)]) };
    const key = `${set.map(([name]) => name).join()};${removed.join()}`;
    const known = this.#lists.get(key);
    if (known !== undefined) return { set, remove: known };
    const remove = this.#remaining(set, removed);
    this.#lists.set(key, remove);
    return { set, remove };
  }

  #remaining(
    set: readonly (readonly [string, string])[],
    removed: readonly string[],
  ): readonly string[] {
    const isSet = new Set(set.map(([name]) => name));
    return [...new Set([...this.#removable, ...removed])].filter((name) => !isSet.has(name));
  }

  #sent(rawHeaders: readonly string[]): readonly string[] {
    const names: string[] = [];
    forEachHeader(rawHeaders, (name) => {
      if (this.#hygiene.headers.traitsOf(name).identity === 'managed')
        names.push(name.toLowerCase());
    });
    return names;
  }
}

/** The spellings that applications fold into one: with `-`, `_` and `.` throughout. */
function spellings(name: string): string[] {
  return [name, name.replaceAll('-', '_'), name.replaceAll('-', '.')];
}

/** All Cookie lines as one (RFC 9113 section 8.2.3), as hygiene has read them. */
function cookieOf(rawHeaders: readonly string[]): string | undefined {
  const lines: string[] = [];
  forEachHeader(rawHeaders, (name, value) => {
    if (name.toLowerCase() === 'cookie') lines.push(value);
  });
  return lines.length === 0 ? undefined : lines.join('; ');
}
