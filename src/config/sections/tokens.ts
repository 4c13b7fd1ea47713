// Owns the options of bearer tokens: whose are taken, and those that people make here.
import {
  choice,
  count,
  duration,
  file,
  flag,
  list,
  optionalText,
  section,
  text,
  url,
} from '../leaf.ts';

/** Asymmetric only: with a symmetric one, whoever can verify can forge (RFC 8725 section 3.2). */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const issuerKeys = section({
  source: choice(['discovery', 'url', 'file'], {
    about:
      "Where the keys are: as the issuer's /.well-known/openid-configuration says, at keySetUrl, or in keySetFile.",
  }).default('discovery'),
  keySetUrl: url({ about: 'Address of the key set, for source: url.' }).optional(),
  keySetFile: file({
    about: 'File with the key set (RFC 7517), for source: file; re-read when it changes.',
  }).optional(),
  caFile: file({
    about: "PEM file of authorities for the issuer's certificate, besides the public ones.",
  }).optional(),
  timeout: duration({
    about: 'How long fetching the keys may take.',
    min: '100ms',
    max: '10s',
  }).prefault('2s'),
  insecureHttp: flag({
    about:
      'Lets the keys come over plain http. Anybody on that network path can make tokens for every user that this issuer may speak for.',
  }).default(false),
})
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }))
  .prefault({});

const issuerClaims = section({
  user: text({
    about: 'Claim that holds the user name; "a.b" reads claim b inside claim a.',
  }).prefault('sub'),
  userPrefix: optionalText({ about: 'Text put before every user name of this issuer.' }).prefault(
    '',
  ),
  lowerCaseUser: flag({ about: 'Turns user names into lower case.' }).default(false),
  groups: text({ about: 'Claim that holds the groups.' }).prefault('groups'),
  groupsPrefix: optionalText({ about: 'Text put before every group of this issuer.' }).prefault(''),
  allowNonAscii: flag({ about: 'Accepts user names with characters outside ASCII.' }).default(
    false,
  ),
  insecureAllowUnverifiedEmail: flag({
    about:
      'Accepts an e-mail address as user name although the issuer does not say that it is verified.',
  }).default(false),
}).prefault({});

const tokenIssuer = section({
  issuer: text({ about: 'The iss of its tokens, byte for byte.' }),
  keys: issuerKeys,
  audiences: list(text({ about: 'Audience.' }), {
    about: 'A token must name at least one of these in aud: one that is made for this gateway.',
  }),
  algorithms: list(choice(ALGORITHMS, { about: 'Algorithm (RFC 7518, RFC 8037).' }), {
    about: 'Signature algorithms that are taken.',
  }).prefault(['RS256', 'ES256']),
  claims: issuerClaims,
  users: list(text({ about: 'User name, or its beginning and "*", or "*" and its end.' }), {
    about:
      'Which users this issuer may speak for, after claims.userPrefix, such as ci:* or *@partner.example. It must not be able to name people of another issuer.',
  }),
  groups: list(text({ about: 'Group, or its beginning and "*".' }), {
    about:
      'Which groups this issuer may put a user into, after claims.groupsPrefix; the others are left out. Empty: none.',
  }).prefault([]),
  maxLifetime: duration({
    about: 'Tokens that live longer from iat to exp are refused.',
    min: '1m',
    max: '30d',
  }).prefault('24h'),
  insecureAnyUser: flag({
    about:
      'Lets users and groups contain "*" alone: whoever controls this issuer can act as anybody.',
  }).default(false),
}).transform(({ maxLifetime, ...rest }) => ({ ...rest, maxLifetimeMs: maxLifetime }));

const providerTokens = section({
  enabled: flag({
    about:
      'Takes ID and access tokens (JWTs) of the identity provider that people sign in at, by the rules of claims.',
  }).default(true),
  audiences: list(text({ about: 'Client id.' }), {
    about:
      "Which clients of the provider they may be for. Empty: the gateway's own, oidc.clientId. A client that is named here can use the tokens that its users give it at every Kubeflow application.",
  }).prefault([]),
  maxLifetime: duration({
    about: "Tokens that live longer from iat to exp are refused. Dex' live 24h.",
    min: '1m',
    max: '30d',
  }).prefault('24h'),
})
  .transform(({ maxLifetime, ...rest }) => ({ ...rest, maxLifetimeMs: maxLifetime }))
  .prefault({});

const serviceAccounts = section({
  enabled: flag({
    about:
      'Takes service-account tokens of the cluster that rbac.source reads, where that is an API server.',
  }).default(true),
  issuers: list(text({ about: 'Issuer.' }), {
    about:
      "The cluster's issuer in the spellings that tokens carry. What the API server says of itself (/.well-known/openid-configuration) is taken as well.",
  }).prefault(['https://kubernetes.default.svc', 'https://kubernetes.default.svc.cluster.local']),
  audiences: list(text({ about: 'Audience.' }), {
    about:
      "A token must name one of these: never the API server's own audience, or every application that sees a token could use it there.",
  }).prefault(['kubeflow-auth-gateway']),
  pipelinesAudience: flag({
    about:
      "Also takes tokens for the audience pipelines.kubeflow.org, for Pipelines' paths only: what Kubeflow's PodDefault mounts works unchanged.",
  }).default(false),
  reviewEvery: duration({
    about:
      'How often a token in use is put before the API server again (TokenReview): how long one of a deleted pod still works.',
    min: '1s',
    max: '10m',
  }).prefault('1m'),
  maxLifetime: duration({
    about:
      'Tokens that live longer from iat to exp are refused: projected ones live an hour or what the pod asks for.',
    min: '10m',
    max: '30d',
  }).prefault('24h'),
})
  .transform(({ reviewEvery, maxLifetime, ...rest }) => ({
    ...rest,
    reviewEveryMs: reviewEvery,
    maxLifetimeMs: maxLifetime,
  }))
  .prefault({});

const personal = section({
  enabled: flag({
    about:
      'Lets people make tokens at /oauth2/tokens, and sign in from the command line. They live in session.store: with memory they end with the process.',
  }).default(true),
  maxLifetime: duration({
    about: 'The longest life that a token or command-line login can be given.',
    min: '10m',
    max: '366d',
  }).prefault('90d'),
  maxPerPerson: count({
    about: 'Most live tokens and command-line logins of one person.',
    min: 1,
    max: 1000,
  }).default(50),
  accessLifetime: duration({
    about: 'How long the short tokens live that a command-line login gives.',
    min: '1m',
    max: '1h',
  }).prefault('10m'),
})
  .transform(({ maxLifetime, accessLifetime, ...rest }) => ({
    ...rest,
    maxLifetimeMs: maxLifetime,
    accessLifetimeMs: accessLifetime,
  }))
  .prefault({});

export const tokens = section({
  provider: providerTokens,
  issuers: list(tokenIssuer, {
    about: 'Further issuers of tokens, such as a CI system.',
  }).prefault([]),
  serviceAccounts,
  personal,
  clockTolerance: duration({
    about: "How far an issuer's clock may be off.",
    min: '0s',
    max: '5m',
  }).prefault('30s'),
  cacheFor: duration({
    about:
      'How long a verified token of an issuer is believed without its signature being checked again; never beyond its exp.',
    min: '1s',
    max: '1h',
  }).prefault('5m'),
  cacheEntries: count({
    about: 'Tokens that one replica keeps in memory; the least recently used make room.',
    min: 100,
    max: 1_000_000,
  }).default(20_000),
  unknownPerMinute: count({
    about:
      'Tokens per minute from one client address that this replica has not just seen; more: 429, before anybody is asked about them.',
    min: 1,
    max: 1_000_000,
  }).default(300),
  outageBound: duration({
    about:
      'How long a token that this replica knows goes on while who must confirm it cannot be asked.',
    min: '0s',
    max: '1d',
  }).prefault('15m'),
  claimsRefreshAfter: duration({
    about: "Age at which the claims of a personal token's owner are fetched anew, when it is used.",
    min: '1m',
    max: '1h',
  }).prefault('1h'),
  maxClaimsAge: duration({
    about:
      "Age of the owner's claims beyond which a personal token is refused, whatever keeps them from being refreshed: a leaver's tokens stop.",
    min: '1m',
    max: '30d',
  }).prefault('24h'),
})
  .transform(
    ({ clockTolerance, cacheFor, outageBound, claimsRefreshAfter, maxClaimsAge, ...rest }) => ({
      ...rest,
      clockToleranceMs: clockTolerance,
      cacheForMs: cacheFor,
      outageBoundMs: outageBound,
      claimsRefreshAfterMs: claimsRefreshAfter,
      maxClaimsAgeMs: maxClaimsAge,
    }),
  )
  .prefault({});
