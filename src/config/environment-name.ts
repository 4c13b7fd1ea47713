// Owns how an option is named in the environment.

export const ENVIRONMENT_PREFIX = 'KFGW_';

/** `oidc.clientId` as `KFGW_OIDC__CLIENT_ID`: `__` for a level, `_` for a camel's hump. */
export function environmentName(path: string): string {
  const levels = path.split('.').map((level) => level.replace(/[A-Z]/g, '_$&').toUpperCase());
  return ENVIRONMENT_PREFIX + levels.join('__');
}
