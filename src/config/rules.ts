// Owns the rules between options: what each may be alone is the schema's.
import type { Problem } from './problem.ts';
import { isHttp, prefixProblem, problemIf, type PartialConfig, type Rule } from './rule.ts';
import { tokenRules } from './token-rules.ts';

/** Problems of options that contradict each other. */
export function contradictions(config: PartialConfig): Problem[] {
  return rules.flatMap((rule) => rule(config));
}

const cookiesFollowOrigins: Rule = ({ publicOrigins = [], cookies }) => {
  if (cookies === undefined) return [];
  const plain = publicOrigins.filter(isHttp);
  if (plain.length > 0 && plain.length < publicOrigins.length)
    return [
      {
        path: 'publicOrigins',
        message: 'must be all https or all http: a session cookie is for one of them',
      },
    ];
  const insecure = cookies.insecureWithoutSecure;
  return [
    ...problemIf(
      plain.length > 0 && !insecure,
      'cookies.insecureWithoutSecure',
      'must be true for public origins on plain http, where browsers refuse Secure cookies; or use https origins',
    ),
    ...problemIf(
      publicOrigins.length > 0 && plain.length === 0 && insecure,
      'cookies.insecureWithoutSecure',
      'must be false: the public origins are https',
    ),
  ];
};

const plainHttpProviderIsNamed: Rule = ({ oidc }) => {
  if (oidc === undefined || oidc.insecureIssuerOverHttp) return [];
  const { token, jwks, userinfo, authorization, endSession } = oidc.endpoints;
  const addresses = { token, jwks, userinfo, authorization, endSession };
  const message =
    "must be https; where the network to the provider is trusted, as with Kubeflow's Dex inside the cluster, set oidc.insecureIssuerOverHttp: true";
  return [
    ...problemIf(isHttp(oidc.issuer), 'oidc.issuer', message),
    ...Object.entries(addresses).flatMap(([name, url]) =>
      problemIf(isHttp(url), `oidc.endpoints.${name}`, message),
    ),
  ];
};

const callbackIsOurs: Rule = ({ oidc, publicOrigins = [] }) => {
  if (oidc === undefined) return [];
  const { redirectUri } = oidc;
  const address = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined;
  const path = address === undefined ? redirectUri : address.pathname + address.search;
  return [
    ...problemIf(
      path !== '/oauth2/callback',
      'oidc.redirectUri',
      'must have the path /oauth2/callback and no query: that is where the gateway takes the answer',
    ),
    ...problemIf(
      address !== undefined && publicOrigins.length > 0 && !publicOrigins.includes(address.origin),
      'oidc.redirectUri',
      'must begin with one of publicOrigins',
    ),
  ];
};

const scopesNameOpenid: Rule = ({ oidc }) =>
  problemIf(oidc?.scopes.includes('openid') === false, 'oidc.scopes', 'must contain openid');

const prefixesAreUsable: Rule = ({ claims }) =>
  (['userPrefix', 'groupsPrefix'] as const).flatMap((name) =>
    claims === undefined ? [] : prefixProblem(claims[name], `claims.${name}`),
  );

const sharedSessionsNeedSharedKeys: Rule = ({ session, keys }) =>
  problemIf(
    session?.store === 'redis' && keys !== undefined && keys.directory === undefined,
    'keys.directory',
    'is required with session.store redis: replicas must share their keys. Make them with "kubeflow-auth-gateway keys init --directory DIR" and mount them as a Secret',
  );

const redisIsComplete: Rule = ({ session, redis }) => {
  if (session === undefined || redis === undefined) return [];
  const count = redis.addresses.length;
  const hasPair = (redis.tls.certFile === undefined) === (redis.tls.keyFile === undefined);
  return [
    ...problemIf(
      session.store === 'redis' && count === 0,
      'redis.addresses',
      'is required with session.store redis: a list of host:port',
    ),
    ...problemIf(
      redis.mode === 'single' && count > 1,
      'redis.addresses',
      'must be one address with redis.mode single; for several servers set redis.mode to sentinel or cluster',
    ),
    ...problemIf(
      redis.mode === 'cluster' && redis.database > 0,
      'redis.database',
      'must be 0 with redis.mode cluster',
    ),
    ...problemIf(!hasPair, 'redis.tls', 'needs both certFile and keyFile, or neither'),
  ];
};

const limitsAreOrdered: Rule = ({ session, claims, limits }) => [
  ...problemIf(
    session !== undefined && session.idleMs > session.absoluteMs,
    'session.idle',
    'must not be longer than session.absolute; set both',
  ),
  ...problemIf(
    claims !== undefined && claims.refreshAfterMs >= claims.maxAgeMs,
    'claims.refreshAfter',
    'must be shorter than claims.maxAge, so that a refresh can be tried before the session ends; set both',
  ),
  ...problemIf(
    session !== undefined && claims !== undefined && session.outageBoundMs > claims.maxAgeMs,
    'session.outageBound',
    'must not be longer than claims.maxAge; set both',
  ),
  ...problemIf(
    limits !== undefined && limits.headerBytes < limits.cookieBytes,
    'limits.headerBytes',
    'must be at least limits.cookieBytes, which it counts too; set both',
  ),
];

const listenersDiffer: Rule = ({ listeners }) => {
  if (listeners === undefined) return [];
  const names = ['public', 'admin', 'local'] as const;
  return names.flatMap((name, index) => {
    const { port } = listeners[name];
    const other = names.slice(0, index).find((before) => listeners[before].port === port);
    const message = `must differ from listeners.${other ?? ''}.port`;
    return problemIf(other !== undefined && port !== 0, `listeners.${name}.port`, message);
  });
};

/** 127.0.0.0/8 and ::1 (RFC 6890), and the name that means them (RFC 6761 section 6.3). */
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

const localListenerIsLocal: Rule = ({ listeners }) =>
  problemIf(
    listeners !== undefined && !LOOPBACK.test(listeners.local.host),
    'listeners.local.host',
    'must be a loopback address such as 127.0.0.1: what it serves asks nobody who they are',
  );

/** Headers that steer HTTP itself or carry credentials that have options of their own. */
const NEVER_MANAGED =
  /^(host|cookie|authorization|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|accept.*|origin|referer|sec-.*|x-forwarded-(for|proto|host|port)|forwarded|x-request-id)$/;

const identityHeadersAreFree: Rule = ({ identityHeaders }) => {
  if (identityHeaders === undefined) return [];
  const { userId, groups, managed } = identityHeaders;
  const reserved = 'must not be a header of HTTP itself or of proxies';
  return [
    ...problemIf(NEVER_MANAGED.test(userId), 'identityHeaders.userId', reserved),
    ...problemIf(NEVER_MANAGED.test(groups), 'identityHeaders.groups', reserved),
    ...problemIf(
      userId === groups,
      'identityHeaders.groups',
      'must differ from identityHeaders.userId',
    ),
    ...managed.flatMap((name, index) =>
      problemIf(NEVER_MANAGED.test(name), `identityHeaders.managed[${index}]`, reserved),
    ),
    ...[userId, groups].flatMap((name, index) =>
      problemIf(
        name === 'x-kfgw-assertion',
        `identityHeaders.${index === 0 ? 'userId' : 'groups'}`,
        'must not be x-kfgw-assertion, which carries the session JWT',
      ),
    ),
  ];
};

/** Paths that the gateway answers itself, whatever the upstreams. */
const OWN_PATHS = /^\/(oauth2|logout|\.well-known\/(jwks\.json|oauth-authorization-server))(\/|$)/;

const upstreamsAreReachable: Rule = ({ upstreams = [] }) => {
  const bare = upstreams.map(({ prefix }) => prefix.replace(/\/$/, ''));
  return [
    ...bare.flatMap((prefix, index) =>
      problemIf(
        bare.indexOf(prefix) !== index,
        `upstreams[${index}].prefix`,
        `must be unique: upstreams[${bare.indexOf(prefix)}] has the same prefix`,
      ),
    ),
    ...upstreams.flatMap(({ prefix, access, sendAssertion }, index) => [
      ...problemIf(
        OWN_PATHS.test(prefix),
        `upstreams[${index}].prefix`,
        'must not be a path that the gateway answers itself (/oauth2/, /logout, /.well-known/jwks.json, /.well-known/oauth-authorization-server)',
      ),
      ...problemIf(
        access === 'public' && sendAssertion,
        `upstreams[${index}].sendAssertion`,
        'must be false with access public: no identity is looked for there',
      ),
    ]),
  ];
};

/** Sign-in happens at the public origins, where a row for inference services would be in its way. */
const inferenceIsElsewhere: Rule = ({ inferenceHosts = [], publicOrigins = [] }) => {
  const ours = publicOrigins.map((origin) => new URL(origin).hostname);
  return inferenceHosts.flatMap((pattern, index) =>
    problemIf(
      ours.some((host) => hostPatternExpression(pattern).test(host)),
      `inferenceHosts[${index}]`,
      'must not cover a host of publicOrigins; give inference services a domain of their own',
    ),
  );
};

/** What a host pattern means, a little broader: a placeholder is any part of a label. */
function hostPatternExpression(pattern: string): RegExp {
  const source = pattern
    .replaceAll('.', '\\.')
    .replace('*', '.+')
    .replace(/\{[a-z]+\}/g, '[^.]+');
  return new RegExp(`^${source}$`);
}

const policyHasASource: Rule = ({ rbac }) => {
  if (rbac === undefined) return [];
  const { source, manifestsDirectory, kubeconfigFile, canary } = rbac;
  const isManifests = source === 'manifests';
  return [
    ...problemIf(
      isManifests && manifestsDirectory === undefined,
      'rbac.manifestsDirectory',
      'is required with rbac.source manifests: the directory with the YAML files',
    ),
    ...problemIf(
      !isManifests && manifestsDirectory !== undefined,
      'rbac.manifestsDirectory',
      'is read with rbac.source manifests only',
    ),
    ...problemIf(
      isManifests && (kubeconfigFile !== undefined || canary.enabled),
      'rbac.source',
      'must be kubernetes for rbac.kubeconfigFile and rbac.canary',
    ),
    ...problemIf(
      canary.staleAfterMs < 2 * canary.everyMs,
      'rbac.canary.staleAfter',
      'must be at least twice rbac.canary.every; set both',
    ),
  ];
};

const rules: readonly Rule[] = [
  cookiesFollowOrigins,
  plainHttpProviderIsNamed,
  callbackIsOurs,
  scopesNameOpenid,
  prefixesAreUsable,
  sharedSessionsNeedSharedKeys,
  redisIsComplete,
  limitsAreOrdered,
  listenersDiffer,
  localListenerIsLocal,
  identityHeadersAreFree,
  upstreamsAreReachable,
  inferenceIsElsewhere,
  policyHasASource,
  ...tokenRules,
];
