// Owns the reason codes of who is asking. Why a bearer token is not accepted is told only as far as whoever
// holds it can act on it.

export const credentialReasons = {
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
    title:
      'The service account or pod of the bearer token is gone, or the cluster accepts it no longer.',
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
      'Get one whose scope has the name that missing_scope tells: at /oauth2/tokens, or by login --scope.',
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
} as const;
