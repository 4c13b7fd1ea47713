// Owns reading what a command line asks for through the person's browser (RFC 6749 section 4.1.1).
import { COMMAND_LINE_CLIENT_ID } from './command-line-client.ts';
import { readLoginWish, type LoginWish } from './login-wish.ts';
import { loopbackOrigin } from './loopback-redirect.ts';
import { refusal, type OAuthRefusal } from './oauth-error.ts';
import { readParameters, type Parameters } from './parameters.ts';
import { isCodeChallenge } from './pkce.ts';

export interface AuthorizationRequest extends LoginWish {
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly state: string | undefined;
}

/** Where the answer to a request goes, whatever it is. */
export interface AnswerAddress {
  readonly redirectUri: string;
  readonly state: string | undefined;
}

export type ReadAuthorizationRequest =
  | { readonly kind: 'request'; readonly request: AuthorizationRequest }
  /** The program is told. */
  | { readonly kind: 'refused'; readonly refusal: OAuthRefusal; readonly to: AnswerAddress }
  /** It is not known whether a program of ours asks: nobody is told but the person (section 4.1.2.1). */
  | { readonly kind: 'foreign' };

/** VSCHAR (RFC 6749 appendix A.5), no longer than what has to fit into a sealed login attempt. */
const STATE = /^[\x20-\x7e]{1,200}$/;

/** `query` is the request's, as received, without "?"; `maxLifetimeMs` the longest life of a login. */
export function readAuthorizationRequest(
  query: string,
  maxLifetimeMs: number,
): ReadAuthorizationRequest {
  const parameters = readParameters(query);
  const redirectUri = parameters?.get('redirect_uri');
  if (parameters === undefined || redirectUri === undefined) return { kind: 'foreign' };
  const isOurs = parameters.get('client_id') === COMMAND_LINE_CLIENT_ID;
  const state = parameters.get('state');
  const isReadable = state === undefined || STATE.test(state);
  if (!isOurs || !isReadable || loopbackOrigin(redirectUri) === undefined) {
    return { kind: 'foreign' };
  }
  const to = { redirectUri, state };
  const codeChallenge = readChallenge(parameters);
  if (codeChallenge.kind === 'refused') return { kind: 'refused', refusal: codeChallenge, to };
  const read = readLoginWish(parameters, maxLifetimeMs);
  if (read.kind === 'refused') return { kind: 'refused', refusal: read, to };
  return { kind: 'request', request: { ...read.wish, ...to, codeChallenge: codeChallenge.text } };
}

/** Without a challenge whoever sees the code could redeem it (RFC 9700 section 2.1.1). */
function readChallenge(
  parameters: Parameters,
): { readonly kind: 'challenge'; readonly text: string } | OAuthRefusal {
  if ((parameters.get('response_type') ?? 'code') !== 'code') {
    return refusal('unsupported_response_type', 'response_type is not code');
  }
  if (!parameters.has('response_type'))
    return refusal('invalid_request', 'there is no response_type');
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    return refusal('invalid_request', 'response_mode is not query');
  }
  const text = parameters.get('code_challenge') ?? '';
  if (parameters.get('code_challenge_method') !== 'S256' || !isCodeChallenge(text)) {
    return refusal('invalid_request', 'there is no code_challenge of method S256');
  }
  return { kind: 'challenge', text };
}

/** The address that takes an answer to the program, with the issuer that gives it (RFC 9207). */
export function answerAddress(
  to: AnswerAddress,
  issuer: string,
  answer: Readonly<Record<string, string>>,
): string {
  const url = new URL(to.redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (to.state !== undefined) url.searchParams.set('state', to.state);
  url.searchParams.set('iss', issuer);
  return url.href;
}
