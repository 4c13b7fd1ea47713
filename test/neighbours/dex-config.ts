// Owns Dex's configuration file: the Kubeflow distribution's entries, and what tests change of them.
import type { Etcd } from './etcd.ts';
import type { Ldap } from './ldap.ts';

/** The password of every static user, as in the Kubeflow distribution. */
export const DEX_PASSWORD = '12341234';

// bcrypt of DEX_PASSWORD with Dex's lowest cost, 10 (bcrypt.DefaultCost).
const DEX_PASSWORD_HASH = '$2b$10$3Xnizy12AtRYHq0t9MhqB.F72GV1ec.IcriSo3GM6YqBXIS9/wQRW';

/** A static client, in the fields of Dex's storage.Client; the last four only in the newer Dex. */
export interface DexClient {
  readonly id: string;
  readonly secret: string;
  readonly name: string;
  readonly redirectURIs: readonly string[];
  readonly public?: boolean;
  readonly trustedPeers?: readonly string[];
  readonly postLogoutRedirectURIs?: readonly string[];
  readonly backchannelLogoutURI?: string;
  readonly refreshTokenLifetime?: 'standalone' | 'session';
  readonly ssoSharedWith?: readonly string[];
}

/** The client entry of the Kubeflow distribution; its redirect URI is relative on purpose. */
export const kubeflowClient: DexClient = {
  id: 'kubeflow-oidc-authservice',
  secret: 'pUBnBOY80SnXgjibTYM9ZWNzY2xreNGQok',
  name: 'Dex Login Application',
  redirectURIs: ['/oauth2/callback'],
};

/** A static password entry; without `hash` the password is DEX_PASSWORD. */
export interface DexUser {
  readonly email: string;
  readonly username: string;
  readonly userID: string;
  readonly name?: string;
  readonly preferredUsername?: string;
  readonly emailVerified?: boolean;
  readonly groups?: readonly string[];
  readonly hash?: string;
}

/** The user of the Kubeflow distribution. */
export const kubeflowUser: DexUser = {
  email: 'user@example.com',
  username: 'user',
  userID: '15841185641784',
};

/** Lives, as Go durations (`10s`, `5m`), in the fields of Dex's Expiry. */
export interface DexExpiry {
  readonly idTokens?: string;
  readonly authRequests?: string;
  readonly deviceRequests?: string;
  readonly signingKeys?: string;
  readonly refreshTokens?: {
    readonly disableRotation?: boolean;
    readonly reuseInterval?: string;
    readonly validIfNotUsedFor?: string;
    readonly absoluteLifetime?: string;
  };
}

/** The newer Dex's own browser sessions; needs no field, `{}` turns them on. */
export interface DexSessions {
  readonly cookieName?: string;
  readonly absoluteLifetime?: string;
  readonly validIfNotUsedFor?: string;
  readonly rememberMeCheckedByDefault?: boolean;
  readonly ssoSharedWithDefault?: 'all' | 'none';
}

/** Memory forgets signing keys, refresh tokens and sessions at a restart; etcd keeps them. */
export type DexStorage = 'memory' | Etcd;

/** What the configuration file says; the defaults are the Kubeflow distribution's. */
export interface DexConfig {
  readonly issuer: string;
  readonly port: number;
  readonly clients?: readonly DexClient[];
  readonly users?: readonly DexUser[];
  /** Adds an LDAP connector beside the static passwords (`ldap` in the chooser). */
  readonly ldap?: Ldap;
  /** False leaves LDAP alone, so that Dex shows no chooser. */
  readonly enablePasswordDB?: boolean;
  readonly expiry?: DexExpiry;
  readonly sessions?: DexSessions;
  readonly storage: DexStorage;
  readonly skipApprovalScreen?: boolean;
  /** The connector that serves the password grant, for example `local`. */
  readonly passwordConnector?: string;
}

/** The text of Dex's configuration file (JSON is YAML). */
export function dexConfigFile(config: DexConfig): string {
  const { enablePasswordDB = true, users = [kubeflowUser], clients = [kubeflowClient] } = config;
  return JSON.stringify(
    {
      issuer: config.issuer,
      storage: storage(config.storage),
      web: { http: `127.0.0.1:${config.port}` },
      logger: { level: 'debug', format: 'text' },
      oauth2: {
        skipApprovalScreen: config.skipApprovalScreen ?? true,
        passwordConnector: config.passwordConnector,
      },
      expiry: config.expiry,
      sessions: config.sessions,
      staticClients: clients,
      enablePasswordDB,
      staticPasswords: enablePasswordDB
        ? users.map((user) => ({ hash: DEX_PASSWORD_HASH, ...user }))
        : undefined,
      connectors: config.ldap === undefined ? [] : [ldapConnector(config.ldap)],
    },
    undefined,
    2,
  );
}

function storage(chosen: DexStorage): unknown {
  if (chosen === 'memory') return { type: 'memory' };
  return { type: 'etcd', config: { endpoints: [chosen.url], namespace: 'dex/' } };
}

function ldapConnector(ldap: Ldap): unknown {
  return {
    type: 'ldap',
    id: 'ldap',
    name: 'LDAP',
    config: {
      host: `127.0.0.1:${ldap.port}`,
      insecureNoSSL: true,
      bindDN: ldap.adminDn,
      bindPW: ldap.adminPassword,
      usernamePrompt: 'User name',
      userSearch: {
        baseDN: ldap.usersDn,
        filter: '(objectClass=inetOrgPerson)',
        username: 'uid',
        idAttr: 'uid',
        emailAttr: 'mail',
        nameAttr: 'cn',
        preferredUsernameAttr: 'uid',
      },
      groupSearch: {
        baseDN: ldap.groupsDn,
        filter: '(objectClass=groupOfNames)',
        userMatchers: [{ userAttr: 'DN', groupAttr: 'member' }],
        nameAttr: ldap.groupNames,
      },
    },
  };
}
