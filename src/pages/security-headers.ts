// Owns the security headers of the gateway's own answers.

/** What a page needs beyond text and the style sheet. */
export interface PagePolicy {
  /** Whether the page loads a script of ours. */
  readonly hasScript: boolean;
  /** `self` for pages that stand in for an application, which Kubeflow shows in a frame. */
  readonly frameAncestors: 'none' | 'self';
  /**
   * Origin of the provider, because browsers apply `form-action` to redirects of a form's answer
   * as well; undefined when it is our own or not known yet.
   */
  readonly providerOrigin: string | undefined;
  /** Whether the page's address must not be told to where its links lead. */
  readonly hasSecretAddress?: boolean;
}

/** What the pages' policies need to know of the sign-in. */
interface Provider {
  providerOrigin(): string | undefined;
}

/** For pages that stand in for an application. */
export function standInPolicy(login: Provider): PagePolicy {
  return { hasScript: false, frameAncestors: 'self', providerOrigin: login.providerOrigin() };
}

/** For pages that are never shown in a frame. */
export function ownPagePolicy(login: Provider): PagePolicy {
  return { hasScript: false, frameAncestors: 'none', providerOrigin: login.providerOrigin() };
}

/**
 * For pages about the provider's answer: their address can hold a code that is still good, and their link
 * leads, over the sign-in, to where the one who began it chose: a notebook, perhaps.
 */
export function callbackPolicy(login: Provider): PagePolicy {
  return { ...ownPagePolicy(login), hasSecretAddress: true };
}

export const OPENER_POLICY = 'Cross-Origin-Opener-Policy';

/**
 * For every answer of ours but redirects: what is not a page may do nothing at all when a browser shows
 * it, and whoever opened its window cannot read its address, which may hold a code of the provider.
 */
export const answerHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  [OPENER_POLICY]: 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * For a page. `Referrer-Policy: same-origin` and not `no-referrer`: sign-out recognises our own
 * origin by Referer where browsers send no `Sec-Fetch-Site` (plain http).
 */
export function pageHeaders(policy: PagePolicy): Readonly<Record<string, string>> {
  return {
    ...answerHeaders,
    'Content-Security-Policy': contentSecurityPolicy(policy),
    'Content-Type': 'text/html; charset=utf-8',
    ...(policy.hasSecretAddress === true ? { 'Referrer-Policy': 'no-referrer' } : {}),
  };
}

function contentSecurityPolicy(policy: PagePolicy): string {
  const provider = policy.providerOrigin === undefined ? '' : ` ${policy.providerOrigin}`;
  return [
    "default-src 'none'",
    "style-src 'self'",
    ...(policy.hasScript ? ["script-src 'self'"] : []),
    `form-action 'self'${provider}`,
    `frame-ancestors '${policy.frameAncestors}'`,
    "base-uri 'none'",
  ].join('; ');
}
