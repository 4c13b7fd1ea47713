// Owns the one table of reason codes: what a refusal is called, answered with and explained by.
// docs/reasons.md is generated from it.

interface Reason {
  /** HTTP status of the answer that carries this reason. */
  readonly status: number;
  /** One line a person reads first. */
  readonly title: string;
  /** What to do next. */
  readonly advice: string;
}

const table = {
  // Request hygiene: always before anything else looks at the request.
  malformed_request: {
    status: 400,
    title: 'The request is not well-formed HTTP.',
    advice: 'Check the client or a proxy in between; the bytes it sends violate RFC 9112.',
  },
  target_form: {
    status: 400,
    title: 'The request target has a form that the gateway does not serve.',
    advice: 'Send an origin-form target: a path that begins with a single slash.',
  },
  target_fragment: {
    status: 400,
    title: 'The request target contains a fragment.',
    advice: 'Remove everything from "#" on; fragments are never sent to servers.',
  },
  target_dot_segment: {
    status: 400,
    title: 'The path contains a dot segment.',
    advice: 'Resolve "." and ".." before sending the request.',
  },
  target_backslash: {
    status: 400,
    title: 'The path contains a backslash.',
    advice: 'Use "/" to separate path segments.',
  },
  target_control: {
    status: 400,
    title: 'The request target contains a control or non-ASCII character.',
    advice: 'Percent-encode the target as RFC 3986 asks, without control characters.',
  },
  target_encoding: {
    status: 400,
    title: 'The request target is not correctly percent-encoded UTF-8.',
    advice: 'Encode "%" as "%25" and text as UTF-8 without overlong forms.',
  },
  target_ambiguous: {
    status: 400,
    title: 'The path is ambiguous where it names an application, a namespace or an object.',
    advice:
      'Use no empty segment, encoded slash, encoded percent sign or ";" in this part of the path.',
  },
  target_name: {
    status: 400,
    title: 'A namespace or object name in the path is not a DNS-1123 name.',
    advice: 'Use lower-case letters, digits and "-" as Kubernetes names do.',
  },
  method_override: {
    status: 400,
    title: 'A form POST asks to be treated as another method.',
    advice: 'Send the request with the method that it means, without X-HTTP-Method-Override.',
  },
  referer_routes: {
    status: 400,
    title: 'The Referer names a page by which an application would send the request elsewhere.',
    advice: 'Open the page by its own address, or send the request without a Referer.',
  },
  header_alias: {
    status: 400,
    title: 'A header is spelled so that an application could mistake it for an identity header.',
    advice: 'Remove the header; the gateway sets identity headers itself.',
  },
  host_ambiguous: {
    status: 400,
    title: 'The Host header is missing, repeated or not a host.',
    advice: 'Send exactly one Host header.',
  },
  host_not_served: {
    status: 421,
    title: 'The host is neither this site nor one that a route names.',
    advice:
      'Use the address of this site. The administrator can add the host to inferenceHosts, to publicOrigins, or as a row of its own.',
  },
  authorization_ambiguous: {
    status: 400,
    title: 'The request carries more than one Authorization value.',
    advice: 'Send exactly one Authorization header with one scheme.',
  },
  cookie_ambiguous: {
    status: 400,
    title: "The gateway's cookie was sent more than once with different values.",
    advice: "Delete this site's cookies in the browser and sign in again.",
  },
  url_too_long: {
    status: 414,
    title: 'The URL is too long.',
    advice: 'Shorten the URL, or ask the administrator to raise limits.urlBytes.',
  },
  headers_too_large: {
    status: 431,
    title: 'The request headers are too large.',
    advice:
      "Delete this site's cookies in the browser, or ask the administrator to raise the limits.",
  },
  request_timeout: {
    status: 408,
    title: 'The request did not arrive in time.',
    advice: 'Try again; check the connection.',
  },
  expectation_failed: {
    status: 417,
    title: 'The Expect header asks for something other than 100-continue.',
    advice: 'Remove the Expect header.',
  },
  method_not_supported: {
    status: 501,
    title: 'The gateway does not serve this method.',
    advice: 'Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.',
  },
  // Who is asking.
  sign_in_required: {
    status: 401,
    title: 'You are not signed in.',
    advice: 'Sign in, or send a valid credential.',
  },
  session_ended: {
    status: 401,
    title: 'Your session has ended.',
    advice: 'Sign in again.',
  },
  session_expired: {
    status: 401,
    title: 'Your session has expired.',
    advice: 'Sign in again.',
  },
  session_cookie_invalid: {
    status: 401,
    title: 'Your session cookie was not made by this gateway.',
    advice: 'Sign in again.',
  },
  // Bearer tokens: why one is not accepted is told only as far as whoever holds it can act on it.
  invalid_token: {
    status: 401,
    title: 'The bearer token is not accepted.',
    advice:
      'Send a token of an issuer that this gateway takes, unchanged: of the cluster or the identity provider, or one made at /oauth2/tokens.',
  },
  token_expired: {
    status: 401,
    title: 'The bearer token has expired.',
    advice: 'Get a new one.',
  },
  token_audience: {
    status: 401,
    title: 'The bearer token was made for somebody else.',
    advice:
      'Ask its issuer for a token for this gateway: a service-account token needs the audience that the administrator configured (kubeflow-auth-gateway where nothing else is said).',
  },
  token_lifetime: {
    status: 401,
    title: 'The bearer token lives longer than is accepted here, or for ever.',
    advice: 'Get one with a shorter life: for a service account, a projected or requested token.',
  },
  token_user_refused: {
    status: 401,
    title: 'The issuer of the bearer token may not speak for this user.',
    advice: 'The administrator must check which users this issuer may name (users, claims).',
  },
  token_ended: {
    status: 401,
    title: 'The bearer token was revoked, or what it belonged to is gone.',
    advice: 'Get a new one.',
  },
  conflicting_credentials: {
    status: 400,
    title: 'The request carries a bearer token and the session cookie of somebody else.',
    advice: 'Send one of the two.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The token may not be used for this.',
    advice:
      "Make one at /oauth2/tokens whose scope includes this: write or read, the application's class, the namespace.",
  },
  token_namespace_unseen: {
    status: 403,
    title:
      'The token is limited to namespaces, and this request does not show which one it is for.',
    advice:
      'Use a request that names the namespace, or a token without that limit. For Pipelines there is the scope pipelines:all-my-namespaces.',
  },
  too_many_unknown_tokens: {
    status: 429,
    title: 'There were too many unknown bearer tokens from your address.',
    advice: 'Wait a minute and try again; use one token for many requests.',
  },
  issuer_unavailable: {
    status: 503,
    title: 'The keys of the issuer of this token cannot be had at the moment.',
    advice: 'Try again in a few seconds; if it lasts, tell the administrator.',
  },
  token_review_unavailable: {
    status: 503,
    title: 'The Kubernetes API server cannot be asked about this token at the moment.',
    advice: 'Try again in a few seconds; if it lasts, tell the administrator.',
  },
  token_store_unavailable: {
    status: 503,
    title: 'Tokens cannot be read at the moment.',
    advice: 'Your token is kept. Try again in a few seconds.',
  },
  cross_site: {
    status: 403,
    title: 'The request came from another site.',
    advice: 'Open the application at its own address and try again there.',
  },
  // What somebody may do.
  namespace_forbidden: {
    status: 403,
    title: 'You may not do this in this namespace.',
    advice:
      "Ask the namespace's owner to add you as a contributor, or an administrator for a role that allows it.",
  },
  cluster_forbidden: {
    status: 403,
    title: 'You may not do this for the whole cluster.',
    advice: 'Ask an administrator; this needs a ClusterRoleBinding.',
  },
  namespace_ambiguous: {
    status: 400,
    title: 'The request names its namespace more than once, or in a way that can be read twice.',
    advice: 'Name one namespace, once.',
  },
  namespace_required: {
    status: 400,
    title: 'The request does not say which namespace it is for.',
    advice: 'Add the namespace.',
  },
  namespace_being_set_up: {
    status: 409,
    title: 'Your namespace is being set up.',
    advice: 'This takes a few seconds; the page tries again by itself.',
  },
  route_denied: {
    status: 403,
    title: 'This address is closed for everybody.',
    advice: 'If an application needs it, an administrator can open it in the route catalogue.',
  },
  owner_is_someone_else: {
    status: 403,
    title: 'A namespace can be made for yourself only.',
    advice: 'Leave the user out, or ask an administrator who may create profiles.',
  },
  body_not_inspected: {
    status: 403,
    title: 'This request is allowed only where its body can be read, and here it cannot.',
    advice:
      'An administrator can allow it with access.uninspected, as the registration flow of the dashboard needs.',
  },
  body_unreadable: {
    status: 400,
    title: 'The body of this request cannot be read.',
    advice: 'Send one JSON object in UTF-8, uncompressed, with Content-Type: application/json.',
  },
  body_too_large: {
    status: 413,
    title: 'The body of this request is too large.',
    advice: 'Send a smaller one.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address.',
    advice: 'Check the address.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take this method.',
    advice: 'See the Allow header for the methods it takes.',
  },
  too_many_requests: {
    status: 429,
    title: 'There were too many sign-in requests from your address.',
    advice: 'Wait a minute and try again.',
  },
  // Dependencies.
  session_store_unavailable: {
    status: 503,
    title: 'Sessions cannot be read at the moment.',
    advice: 'Your session is kept. Try again in a few seconds.',
  },
  access_loading: {
    status: 503,
    title: 'The gateway does not know yet who may do what.',
    advice: 'It reads the roles of the cluster; try again in a few seconds.',
  },
  access_stale: {
    status: 503,
    title: 'The gateway has not heard from the Kubernetes API server for too long.',
    advice: 'Try again; if it lasts, tell the administrator.',
  },
  provider_unavailable: {
    status: 503,
    title: 'The identity provider cannot be reached at the moment.',
    advice: 'This page tries again by itself. If it lasts, tell the administrator.',
  },
  shutting_down: {
    status: 503,
    title: 'This replica is shutting down.',
    advice: 'Try again; another replica will answer.',
  },
  upstream_unreachable: {
    status: 502,
    title: 'The application cannot be reached.',
    advice: 'Try again; if it lasts, check that the application runs.',
  },
  upstream_protocol: {
    status: 502,
    title: 'The application gave an answer that is not well-formed HTTP.',
    advice: "Check the application's log.",
  },
  upstream_timeout: {
    status: 504,
    title: 'The application did not answer in time.',
    advice: 'Try again; if it lasts, check that the application is not overloaded.',
  },
  internal_error: {
    status: 500,
    title: 'The gateway made a mistake.',
    advice: 'Tell the administrator the request id shown here.',
  },
  // Sign-in.
  login_attempt_missing: {
    status: 400,
    title: 'This sign-in was not started in this browser, or took longer than ten minutes.',
    advice: 'Start the sign-in again.',
  },
  login_state_mismatch: {
    status: 400,
    title: 'This answer does not belong to a sign-in that was started in this browser.',
    advice: 'Start the sign-in again.',
  },
  login_refused_by_provider: {
    status: 403,
    title: 'The identity provider refused the sign-in.',
    advice: 'Try again, or ask the administrator of the identity provider.',
  },
  login_failed: {
    status: 502,
    title: "The identity provider's answer could not be used.",
    advice: 'Start the sign-in again; if it lasts, tell the administrator the request id.',
  },
  login_not_fresh: {
    status: 403,
    title: 'The identity provider did not ask you to sign in anew.',
    advice: 'Sign out at the identity provider and try again.',
  },
  top_level_only: {
    status: 403,
    title: 'This page opens only as a page of its own.',
    advice: 'Open its address in a tab of your browser; scripts and frames cannot use it.',
  },
  https_required: {
    status: 403,
    title: 'This page needs https.',
    advice:
      'Browsers do not say over plain http how a page is opened. Use the https address of this site, or localhost.',
  },
  action_expired: {
    status: 400,
    title: 'This page is too old, was used before, or belongs to another sign-in.',
    advice: 'Start again.',
  },
  token_wish_refused: {
    status: 400,
    title: 'The token that was asked for cannot be made.',
    advice: 'Check name, scope, namespaces and expiry.',
  },
  too_many_tokens: {
    status: 409,
    title: 'You have as many tokens as one person may have.',
    advice: 'Revoke one that you do not need, and try again.',
  },
  user_code_unknown: {
    status: 400,
    title: 'There is no such code, or it has expired.',
    advice: 'Start the sign-in on the device again, and enter the code that it shows.',
  },
  authorization_request_refused: {
    status: 400,
    title: 'The program that sent you here asked for something that it may not have.',
    advice: 'Start again from the command line with a current version of it.',
  },
  return_address_refused: {
    status: 400,
    title: 'The address to return to is not a path on this site.',
    advice: 'Use a path that begins with a single slash.',
  },
  email_not_verified: {
    status: 403,
    title: 'Your e-mail address is not verified at the identity provider.',
    advice: 'Verify the address there and sign in again.',
  },
  user_claim_missing: {
    status: 403,
    title: 'The identity provider did not say who you are.',
    advice: 'The administrator must check that the user claim is released to this client.',
  },
  user_claim_invalid: {
    status: 403,
    title: 'The identity provider sent a user name that cannot be used safely.',
    advice:
      'The administrator must check the user claim: its type, "@", commas, spaces, control or non-ASCII characters.',
  },
  user_claim_reserved: {
    status: 403,
    title: 'The identity provider sent a user name that is reserved for Kubernetes.',
    advice: 'Names beginning with "system:" cannot sign in.',
  },
  // Ends of sessions.
  token_revoked: {
    status: 401,
    title: 'The token was revoked.',
    advice: 'Make a new one at /oauth2/tokens.',
  },
  refresh_token_reused: {
    status: 401,
    title: 'The command-line login was ended because an old secret of it was used again.',
    advice: 'Run "kubeflow-auth-gateway login" again.',
  },
  signed_out: {
    status: 401,
    title: 'You signed out.',
    advice: 'Sign in again.',
  },
  signed_out_at_provider: {
    status: 401,
    title: 'You signed out at the identity provider.',
    advice: 'Sign in again.',
  },
  provider_ended_session: {
    status: 401,
    title: 'The identity provider no longer confirms this session.',
    advice: 'Sign in again.',
  },
  claims_too_old: {
    status: 401,
    title: 'The identity provider could not confirm your identity for too long.',
    advice: 'Sign in again.',
  },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof table;

export const reasons: Readonly<Record<ReasonCode, Reason>> = table;
