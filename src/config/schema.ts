// Owns the configuration schema: the one source of types, defaults, documentation and JSON Schema.
import { z } from 'zod';
import { access, rbac } from './sections/access.ts';
import { identityHeaders, inferenceHosts, limits, upstreams } from './sections/forwarding.ts';
import {
  cookies,
  extAuthz,
  files,
  listeners,
  publicOrigins,
  trustedProxies,
} from './sections/listeners.ts';
import { logging, shutdown } from './sections/operation.ts';
import { claims, oidc } from './sections/provider.ts';
import { keys, redis, session, sessionJwt } from './sections/sessions.ts';
import { tokens } from './sections/tokens.ts';

/** Top-level options by name, each parsed on its own so that all problems are told at once. */
export const sections = {
  listeners,
  extAuthz,
  publicOrigins,
  trustedProxies,
  cookies,
  oidc,
  claims,
  session,
  redis,
  keys,
  sessionJwt,
  tokens,
  identityHeaders,
  upstreams,
  inferenceHosts,
  access,
  rbac,
  limits,
  files,
  logging,
  shutdown,
};

export const configSchema = z.strictObject(sections);

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The configuration as the gateway sees it: complete, in base units (`…Ms`, bytes), frozen. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
