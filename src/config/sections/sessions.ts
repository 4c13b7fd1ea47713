// Owns the options of sessions, of Redis beneath them, of keys and of the session JWT.
import {
  choice,
  count,
  directory,
  duration,
  file,
  flag,
  hostPort,
  list,
  optionalText,
  section,
  text,
} from '../leaf.ts';

export const session = section({
  store: choice(['memory', 'redis'], {
    about:
      'Where sessions live. memory is for one replica only, and a restart signs everybody out.',
  }).default('memory'),
  idle: duration({
    about: 'A session that is not used for so long ends.',
    min: '1m',
    max: '30d',
  }).prefault('12h'),
  absolute: duration({
    about: "A session ends so long after its sign-in, used or not; also the cookie's Max-Age.",
    min: '1m',
    max: '30d',
  }).prefault('24h'),
  outageBound: duration({
    about:
      'How long a session that this replica knows goes on while the store cannot be asked, or has lost it.',
    min: '0s',
    max: '1d',
  }).prefault('15m'),
  cacheEntries: count({
    about: 'Sessions that one replica keeps in memory; the least recently used make room.',
    min: 100,
    max: 10_000_000,
  }).default(100_000),
})
  .transform(({ idle, absolute, outageBound, ...rest }) => ({
    ...rest,
    idleMs: idle,
    absoluteMs: absolute,
    outageBoundMs: outageBound,
  }))
  .prefault({});

const redisTls = section({
  enabled: flag({ about: 'Speaks TLS with Redis and Sentinel.' }).default(false),
  caFile: file({
    about: 'PEM file of authorities for the certificates, instead of the public ones.',
  }).optional(),
  certFile: file({ about: 'PEM file with a client certificate.' }).optional(),
  keyFile: file({ about: "PEM file with the client certificate's private key." }).optional(),
  serverName: text({
    about: 'Name to expect in the certificate, when it is not the host.',
  }).optional(),
  insecureSkipTlsVerify: flag({
    about:
      'Accepts any certificate from Redis. Anybody on that network path can read its password; prefer redis.tls.caFile.',
  }).default(false),
}).prefault({});

export const redis = section({
  mode: choice(['single', 'sentinel', 'cluster'], {
    about: 'How Redis is run: one server, a set watched by Sentinel, or a Cluster.',
  }).default('single'),
  addresses: list(hostPort({ about: 'host:port.' }), {
    about: 'The server, the Sentinels, or some nodes of the Cluster.',
  }).prefault([]),
  sentinelName: text({ about: 'Name of the set at the Sentinels.' }).prefault('mymaster'),
  username: text({ about: 'ACL user; absent: the default user.' }).optional(),
  passwordFile: file({ about: 'File with the password. Or give it by environment.' }).optional(),
  sentinelUsername: text({ about: 'ACL user at the Sentinels.' }).optional(),
  sentinelPasswordFile: file({
    about: 'File with the password of the Sentinels. Or give it by environment.',
  }).optional(),
  database: count({ about: 'Database number; a Cluster has only 0.', min: 0, max: 1023 }).default(
    0,
  ),
  keyPrefix: optionalText({ about: 'Text put before every key and channel.' }).prefault('kfgw:'),
  connectTimeout: duration({
    about: 'How long a connection to Redis may take.',
    min: '100ms',
    max: '1m',
  }).prefault('2s'),
  commandTimeout: duration({
    about: 'How long one command may take before the store counts as unavailable.',
    min: '10ms',
    max: '1m',
  }).prefault('1s'),
  tls: redisTls,
})
  .transform(({ connectTimeout, commandTimeout, ...rest }) => ({
    ...rest,
    connectTimeoutMs: connectTimeout,
    commandTimeoutMs: commandTimeout,
  }))
  .prefault({});

export const keys = section({
  directory: directory({
    about:
      'Directory with the key files that "kubeflow-auth-gateway keys" makes, the same at every replica; read anew when it changes. Absent: keys are made in memory, for one replica with sessions in memory.',
  }).optional(),
  activationDelay: duration({
    about:
      'A new cookie or record key is used for writing so long after it was made, when every replica can read it. Longer than a mounted Secret takes to reach every node.',
    min: '0s',
    max: '1d',
  }).prefault('10m'),
})
  .transform(({ activationDelay, ...rest }) => ({ ...rest, activationDelayMs: activationDelay }))
  .prefault({});

export const sessionJwt = section({
  issuer: text({
    about:
      "The iss of session JWTs: any constant text or URL; Istio's RequestAuthentication must name the same.",
  }).prefault('kubeflow-auth-gateway'),
  audience: text({ about: 'The aud of session JWTs.' }).prefault('kubeflow'),
  lifetime: duration({
    about: 'How long a session JWT is valid; at most 5m, since it cannot be revoked.',
    min: '2m',
    max: '5m',
  }).prefault('5m'),
  publishDelay: duration({
    about:
      'A new signing key is published so long before it signs. Longer than verifiers keep the key set (istiod: 20m).',
    min: '0s',
    max: '7d',
  }).prefault('25m'),
})
  .transform(({ lifetime, publishDelay, ...rest }) => ({
    ...rest,
    lifetimeMs: lifetime,
    publishDelayMs: publishDelay,
  }))
  .prefault({});
