// Owns the options of what is forwarded: identity headers, upstreams, limits.
import {
  choice,
  count,
  duration,
  file,
  flag,
  headerName,
  hostPattern,
  headerPattern,
  list,
  origin,
  pathPrefix,
  section,
  size,
  text,
} from '../leaf.ts';

/**
 * Headers by which an application, mesh or proxy around Kubeflow names a caller, besides Kubeflow's
 * own: the defaults in its code (Identity-Aware Proxy), oauth2-proxy's, the Kubernetes API server's
 * front-proxy and impersonation headers, and those of other single sign-on proxies.
 */
const DEFAULT_MANAGED_HEADERS = [
  'x-auth-request-*',
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
  'x-forwarded-client-cert',
  'x-remote-*',
  'remote-*',
  'impersonate-*',
  'x-goog-authenticated-user-*',
  'x-goog-iap-jwt-assertion',
  'gap-*',
  'x-amzn-oidc-*',
  'x-ms-client-principal*',
  'x-ms-token-*',
  'cf-access-*',
  'x-authentik-*',
  'x-pomerium-*',
  'x-webauth-*',
];

export const identityHeaders = section({
  userId: headerName({ about: 'Header that tells applications who is asking.' }).prefault(
    'kubeflow-userid',
  ),
  groups: headerName({ about: "Header with the person's groups, joined by commas." }).prefault(
    'kubeflow-groups',
  ),
  managed: list(headerPattern({ about: 'Header name, or its beginning and "*".' }), {
    about:
      'Headers that applications could take for an identity: removed when a client sends them, refused in an alias spelling. The two above and x-kfgw-* always belong to them.',
  }).prefault(DEFAULT_MANAGED_HEADERS),
}).prefault({});

const upstreamTls = section({
  caFile: file({
    about: "PEM file of authorities for the application's certificate, instead of the public ones.",
  }).optional(),
  serverName: text({
    about: 'Name to expect in the certificate, when it is not the host.',
  }).optional(),
  insecureSkipTlsVerify: flag({
    about:
      'Accepts any certificate from the application. Anybody on that network path can read and change its traffic.',
  }).default(false),
}).prefault({});

const upstream = section({
  prefix: pathPrefix({
    about: 'Paths that go to this application; the longest prefix that matches wins.',
  }),
  url: origin({ about: 'Scheme, host and port of the application; the path is never changed.' }),
  access: choice(['authenticated', 'public'], {
    about: 'Whether callers must be signed in. public applications get no identity header.',
  }).default('authenticated'),
  neverRedirect: flag({
    about:
      'Answers 401 instead of a redirect to the sign-in, for what programs call, such as inference services.',
  }).default(false),
  sendAssertion: flag({ about: 'Sends the session JWT in x-kfgw-assertion.' }).default(false),
  passAuthorization: flag({
    about:
      "Passes the caller's Authorization header on to this application. Not a bearer token: only a row of the catalogue with passAuthorization does that. Pipelines and the model registry never get it.",
  }).default(false),
  passOwnCookies: flag({
    about:
      "Passes the gateway's own cookies on to this application, which can then act as the person.",
  }).default(false),
  connectTimeout: duration({
    about: 'How long a connection to the application may take.',
    min: '100ms',
    max: '1m',
  }).prefault('5s'),
  responseTimeout: duration({
    about:
      'How long the application may take to begin its answer once it has the whole request. Answers and uploads themselves have no limit.',
    min: '1s',
    max: '1d',
  }).prefault('5m'),
  tls: upstreamTls,
}).transform(({ connectTimeout, responseTimeout, ...rest }) => ({
  ...rest,
  connectTimeoutMs: connectTimeout,
  responseTimeoutMs: responseTimeout,
}));

export const upstreams = list(upstream, {
  about: 'Applications behind the gateway. Empty: only its own pages are served, as behind Istio.',
}).prefault([]);

export const inferenceHosts = list(
  hostPattern({ about: 'Host, *.domain, or a host with {name} and {namespace}.' }),
  {
    about:
      'Hosts of inference services, such as {name}.{namespace}.example.com: callers must be allowed to get that InferenceService. Where the pattern has no {namespace}, as *.inference.example.com, anybody who is signed in may call. Programs call them, so that nobody is redirected from there to a sign-in.',
  },
).prefault([]);

/**
 * Room for what Kubeflow sends in practice: Pipelines' filters travel doubly encoded in the URL, and
 * notebooks' own cookies pile up on the shared origin.
 */
export const limits = section({
  urlBytes: size({ about: 'Longest URL; longer: 414.', min: '1KiB', max: '1MiB' }).prefault(
    '16KiB',
  ),
  headerCount: count({
    about: 'Most header lines of one request; more: 431.',
    min: 20,
    max: 2000,
  }).default(200),
  headerBytes: size({
    about: 'Largest sum of all header names and values; larger: 431.',
    min: '64KiB',
    max: '1MiB',
  }).prefault('96KiB'),
  cookieCount: count({
    about: 'Most cookies of one request; more: 431.',
    min: 20,
    max: 5000,
  }).default(300),
  cookieBytes: size({
    about: 'Largest sum of all Cookie headers; larger: 431.',
    min: '4KiB',
    max: '1MiB',
  }).prefault('64KiB'),
  loginPerMinute: count({
    about: 'Sign-in starts, and callbacks, per minute from one client address; more: 429.',
    min: 1,
    max: 1_000_000,
  }).default(120),
  logoutPerMinute: count({
    about: 'Back-channel logout messages per minute from one address; more: 429.',
    min: 1,
    max: 1_000_000,
  }).default(600),
}).prefault({});
