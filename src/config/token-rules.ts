// Owns the rules between the options of bearer tokens: no issuer may speak for another's people.
import { ANY_NAME, isNamePattern } from '../kernel/name-pattern.ts';
import type { Problem } from './problem.ts';
import { isHttp, prefixProblem, problemIf, type PartialConfig, type Rule } from './rule.ts';

type Tokens = NonNullable<PartialConfig['tokens']>;
type Issuer = Tokens['issuers'][number];
type IssuerRule = (issuer: Issuer, path: string) => Problem[];

/** Audience of the tokens that Kubeflow's PodDefault for Pipelines mounts. */
const PIPELINES_AUDIENCE = 'pipelines.kubeflow.org';

const keysHaveASource: IssuerRule = ({ issuer, keys }, path) => {
  const { source, keySetUrl, keySetFile, insecureHttp } = keys;
  const address = { discovery: issuer, url: keySetUrl, file: undefined }[source];
  return [
    ...optionOf('url', 'keySetUrl', source, keySetUrl, path),
    ...optionOf('file', 'keySetFile', source, keySetFile, path),
    ...problemIf(
      source === 'discovery' && !/^https?:\/\/[^?#]+$/.test(issuer),
      `${path}.issuer`,
      'must be an https address without query for keys.source discovery; for others set keys.source to url or file',
    ),
    ...problemIf(
      isHttp(address) && !insecureHttp,
      source === 'url' ? `${path}.keys.keySetUrl` : `${path}.issuer`,
      'must be https; where the network to the issuer is trusted, set keys.insecureHttp: true',
    ),
  ];
};

/** Each source has one option of its own, which means nothing beside another. */
function optionOf(
  owner: Issuer['keys']['source'],
  name: string,
  source: Issuer['keys']['source'],
  value: string | undefined,
  path: string,
): Problem[] {
  return [
    ...problemIf(
      source === owner && value === undefined,
      `${path}.keys.${name}`,
      `is required with keys.source ${owner}`,
    ),
    ...problemIf(
      source !== owner && value !== undefined,
      `${path}.keys.${name}`,
      `is read with keys.source ${owner} only`,
    ),
  ];
}

const listsAreNotEmpty: IssuerRule = (issuer, path) =>
  (['audiences', 'algorithms', 'users'] as const).flatMap((name) =>
    problemIf(
      issuer[name].length === 0,
      `${path}.${name}`,
      'must not be empty: no token of this issuer could be accepted',
    ),
  );

const namesAreItsOwn: IssuerRule = ({ users, groups, insecureAnyUser }, path) =>
  Object.entries({ users, groups }).flatMap(([name, patterns]) =>
    patterns.flatMap((pattern, index) => [
      ...problemIf(
        !isNamePattern(pattern),
        `${path}.${name}[${index}]`,
        'must be a name, its beginning and "*", or "*" and its end',
      ),
      ...problemIf(
        pattern === ANY_NAME && !insecureAnyUser,
        `${path}.${name}[${index}]`,
        `must not be "*", by which this issuer could name everybody's ${name}; give them a prefix (claims.userPrefix, claims.groupsPrefix) and name that`,
      ),
    ]),
  );

const prefixesAreUsable: IssuerRule = ({ claims }, path) =>
  (['userPrefix', 'groupsPrefix'] as const).flatMap((name) =>
    prefixProblem(claims[name], `${path}.claims.${name}`),
  );

const issuerRules: readonly IssuerRule[] = [
  keysHaveASource,
  listsAreNotEmpty,
  namesAreItsOwn,
  prefixesAreUsable,
];

const issuersAreSound: Rule = ({ tokens }) =>
  (tokens?.issuers ?? []).flatMap((issuer, index) =>
    issuerRules.flatMap((rule) => rule(issuer, `tokens.issuers[${index}]`)),
  );

/** Whose token it is must be told by its iss alone. */
const issuersDiffer: Rule = ({ tokens, oidc }) => {
  if (tokens === undefined) return [];
  const names = tokens.issuers.map(({ issuer }) => issuer);
  return names.flatMap((name, index) => {
    const path = `tokens.issuers[${index}].issuer`;
    const first = names.indexOf(name);
    return [
      ...problemIf(first !== index, path, `must be unique: tokens.issuers[${first}] is the same`),
      ...problemIf(
        name === oidc?.issuer,
        path,
        'must not be oidc.issuer, whose tokens are taken by tokens.provider',
      ),
      ...problemIf(
        tokens.serviceAccounts.issuers.includes(name),
        path,
        "must not be the cluster's, whose tokens are taken by tokens.serviceAccounts",
      ),
    ];
  });
};

const serviceAccountAudiencesAreOurs: Rule = ({ tokens }) => {
  if (tokens === undefined) return [];
  const { enabled, audiences, issuers } = tokens.serviceAccounts;
  const path = 'tokens.serviceAccounts.audiences';
  return [
    ...problemIf(
      enabled && audiences.length === 0,
      path,
      'must not be empty; to take no tokens of service accounts set tokens.serviceAccounts.enabled: false',
    ),
    ...audiences.flatMap((audience, index) => [
      ...problemIf(
        audience === PIPELINES_AUDIENCE,
        `${path}[${index}]`,
        'must not be the audience of Pipelines, whose tokens are for its paths only: set tokens.serviceAccounts.pipelinesAudience',
      ),
      ...problemIf(
        issuers.includes(audience),
        `${path}[${index}]`,
        "must not be the API server's own audience: every application that sees such a token can use it there",
      ),
    ]),
  ];
};

const claimsAreRefreshedInTime: Rule = ({ tokens }) =>
  problemIf(
    tokens !== undefined && tokens.claimsRefreshAfterMs >= tokens.maxClaimsAgeMs,
    'tokens.claimsRefreshAfter',
    'must be shorter than tokens.maxClaimsAge, so that a refresh can be tried before the token is refused; set both',
  );

export const tokenRules: readonly Rule[] = [
  issuersAreSound,
  issuersDiffer,
  serviceAccountAudiencesAreOurs,
  claimsAreRefreshedInTime,
];
