// Owns the options of the identity provider, and of what its claims mean here.
import {
  choice,
  duration,
  file,
  flag,
  list,
  optionalText,
  section,
  text,
  url,
  urlOrPath,
} from '../leaf.ts';

const endpoints = section({
  authorization: urlOrPath({
    about:
      "Where browsers are sent to sign in, when it differs from the provider's own answer. Kubeflow's Dex: /dex/auth on the public address.",
  }).optional(),
  token: url({ about: 'Token endpoint as the gateway reaches it.' }).optional(),
  jwks: url({ about: "Address of the provider's keys as the gateway reaches it." }).optional(),
  userinfo: url({ about: 'User info endpoint as the gateway reaches it.' }).optional(),
  endSession: urlOrPath({
    about: 'Where browsers are sent to sign out at the provider.',
  }).optional(),
}).prefault({});

export const oidc = section({
  issuer: url({
    about:
      "The provider's issuer identifier, byte for byte as its tokens carry it. Kubeflow's Dex: http://dex.auth.svc.cluster.local:5556/dex.",
  }),
  clientId: text({ about: "The gateway's client id at the provider." }).prefault(
    'kubeflow-oidc-authservice',
  ),
  clientSecretFile: file({
    about: 'File with the client secret; re-read when it changes. Or give it by environment.',
  }).optional(),
  clientAuthentication: choice(['client_secret_basic', 'client_secret_post'], {
    about: 'How the client secret is sent to the token endpoint (RFC 6749 section 2.3.1).',
  }).default('client_secret_basic'),
  redirectUri: urlOrPath({
    about:
      "Where the provider sends browsers back, sent to it literally: the provider compares it byte for byte. Kubeflow's Dex has /oauth2/callback registered; other providers want https://HOST/oauth2/callback.",
  }).prefault('/oauth2/callback'),
  scopes: list(text({ about: 'Scope.' }), {
    about: 'Scopes asked for. Dex gives no refresh token without offline_access.',
  }).prefault(['openid', 'email', 'profile', 'groups', 'offline_access']),
  endpoints,
  postLogoutRedirectUri: urlOrPath({
    about:
      'Where the provider sends browsers after signing out there; must be registered at the provider. Absent: the provider shows its own page.',
  }).optional(),
  timeout: duration({
    about: 'How long one call to the provider may take.',
    min: '100ms',
    max: '1m',
  }).prefault('10s'),
  useUserinfo: flag({
    about: "Also reads the user info endpoint at sign-in; its claims count before the ID token's.",
  }).default(false),
  keepFragment: flag({
    about:
      'Keeps the part of a deep link behind "#" over the sign-in, by a small page with a script instead of a redirect.',
  }).default(false),
  caFile: file({
    about: "PEM file of authorities for the provider's certificate, besides the public ones.",
  }).optional(),
  insecureIssuerOverHttp: flag({
    about:
      "Lets the issuer and its endpoints use plain http, as Kubeflow's Dex does inside the cluster. Anybody on that network path can sign in as anyone.",
  }).default(false),
  insecureSkipTlsVerify: flag({
    about:
      'Accepts any certificate from the provider. Anybody on that network path can sign in as anyone; prefer oidc.caFile.',
  }).default(false),
}).transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }));

export const claims = section({
  user: text({
    about: 'Claim that holds the user name; "a.b" reads claim b inside claim a.',
  }).prefault('email'),
  userPrefix: optionalText({ about: 'Text put before every user name.' }).prefault(''),
  lowerCaseUser: flag({
    about: 'Turns user names into lower case. RBAC and Profiles compare them byte for byte.',
  }).default(false),
  groups: text({
    about: 'Claim that holds the groups; "a.b" reads claim b inside claim a.',
  }).prefault('groups'),
  groupsPrefix: optionalText({ about: 'Text put before every group.' }).prefault(''),
  allowNonAscii: flag({ about: 'Accepts user names with characters outside ASCII.' }).default(
    false,
  ),
  refreshAfter: duration({
    about:
      "Age at which an active session's claims are fetched anew from the provider. Idle sessions are not refreshed.",
    min: '10s',
    max: '1d',
  }).prefault('10m'),
  maxAge: duration({
    about:
      'Age beyond which claims are worth nothing, whatever keeps them from being refreshed: the session ends. Bounds how long somebody removed at the provider keeps access while the provider cannot say so.',
    min: '1m',
    max: '30d',
  }).prefault('8h'),
  insecureAllowUnverifiedEmail: flag({
    about:
      'Accepts an e-mail address as user name although the provider does not say that it is verified. Whoever can register an address at the provider becomes its owner.',
  }).default(false),
})
  .transform(({ refreshAfter, maxAge, ...rest }) => ({
    ...rest,
    refreshAfterMs: refreshAfter,
    maxAgeMs: maxAge,
  }))
  .prefault({});
