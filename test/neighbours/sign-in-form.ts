// Owns signing in without a browser: follows redirects and pages that lead on by themselves, keeps cookies
// and posts Dex's forms.
import { plainRequest, type PlainAnswer } from './plain-request.ts';

const MAX_STEPS = 30;

/** Who signs in, and by which of Dex's connectors when it offers several. */
export interface Person {
  readonly login: string;
  readonly password: string;
  readonly connector?: 'local' | 'ldap';
}

/** Cookies by host name, as browsers keep them: a port makes no difference (RFC 6265 section 8.5). */
export class CookieJar {
  readonly #byHost = new Map<string, Map<string, string>>();

  /** The value of the Cookie header for this URL; empty when there is none. */
  header(url: URL): string {
    const cookies = this.#byHost.get(url.hostname) ?? new Map<string, string>();
    return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Takes over the Set-Cookie headers of an answer. */
  keep(url: URL, headers: Headers): void {
    const cookies = this.#byHost.get(url.hostname) ?? new Map<string, string>();
    this.#byHost.set(url.hostname, cookies);
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const name = pair.slice(0, at).trim();
      if (attributes.some(expires)) cookies.delete(name);
      else cookies.set(name, pair.slice(at + 1).trim());
    }
  }
}

/** Where a sign-in ended: at a page that is none of Dex's forms, or where `until` said. */
export interface SignInEnd {
  readonly url: URL;
  /** Undefined when `until` kept the URL from being asked for. */
  readonly answer: PlainAnswer | undefined;
}

/**
 * Goes from a URL through redirects and Dex's pages (chooser, sign-in, approval) to the end.
 * Cookies are kept in the jar; `until` names a URL that is not asked for any more, such as the
 * callback. A refused password ends at Dex's page with status 401.
 */
export async function signInByForm(
  start: string | URL,
  person: Person,
  options: { readonly jar?: CookieJar; readonly until?: (url: URL) => boolean } = {},
): Promise<SignInEnd> {
  const { jar = new CookieJar(), until = () => false } = options;
  let next: Step = { url: new URL(start) };
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (until(next.url)) return { url: next.url, answer: undefined };
    const { url } = next;
    const answer = await ask(next, jar);
    const following = followUp(url, answer, person);
    if (following === undefined) return { url, answer };
    next = following;
  }
  throw new Error(`no end after ${MAX_STEPS} steps, now at ${next.url.origin}${next.url.pathname}`);
}

interface Step {
  readonly url: URL;
  readonly form?: Readonly<Record<string, string>>;
}

/** As a browser navigates: fetch says of itself that it is not one (`sec-fetch-mode: cors`). */
async function ask({ url, form }: Step, jar: CookieJar): Promise<PlainAnswer> {
  const cookie = jar.header(url);
  const answer = await plainRequest(url, {
    headers: {
      accept: 'text/html,*/*;q=0.8',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      ...(cookie === '' ? {} : { cookie }),
    },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  jar.keep(url, answer.headers);
  return answer;
}

function followUp(url: URL, answer: PlainAnswer, person: Person): Step | undefined {
  const { body } = answer;
  const location = answer.headers.get('location');
  if (location !== null && answer.status >= 300 && answer.status < 400) {
    return { url: new URL(location, url) };
  }
  if (answer.status !== 200) return undefined;
  const refresh = unescapeHtml(/http-equiv="refresh" content="0; ?url=([^"]*)"/.exec(body)?.[1]);
  if (refresh !== undefined) return { url: new URL(refresh, url) };
  if (body.includes('name="password"')) {
    const { login, password } = person;
    return { url: new URL(formAction(body) ?? url, url), form: { login, password } };
  }
  const request = /name="req" value="([^"]*)"/.exec(body)?.[1];
  if (request !== undefined) return { url, form: { req: request, approval: 'approve' } };
  const chosen = person.connector === undefined ? undefined : connectorLink(body, person.connector);
  return chosen === undefined ? undefined : { url: new URL(chosen, url) };
}

function formAction(body: string): string | undefined {
  return unescapeHtml(/<form[^>]* action="([^"]*)"/.exec(body)?.[1]);
}

function connectorLink(body: string, connector: string): string | undefined {
  return unescapeHtml(new RegExp(`href="([^"]*/auth/${connector}\\?[^"]*)"`).exec(body)?.[1]);
}

function unescapeHtml(text: string | undefined): string | undefined {
  return text?.replaceAll('&#43;', '+').replaceAll('&amp;', '&');
}

function expires(attribute: string): boolean {
  const [name = '', value = ''] = attribute.trim().split('=');
  if (name.toLowerCase() === 'max-age') return Number(value) <= 0;
  return name.toLowerCase() === 'expires' && Date.parse(value) <= Date.now();
}
