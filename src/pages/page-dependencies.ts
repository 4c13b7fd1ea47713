// Owns what the pages are told and handed when they are made.
import type { NamespacesOf } from '../access/namespaces-of.ts';
import type { SessionAuthenticator } from '../identity/authentication.ts';
import type { GrantRecords } from '../identity/oauth/grant-records.ts';
import type { PersonalTokens } from '../identity/personal-tokens/personal-tokens.ts';
import type { RecordSealer } from '../identity/session/sealed-record.ts';
import type { LoginFlow } from '../identity/login/login-flow.ts';
import type { RequestAuthenticator } from '../identity/request-authenticator.ts';
import type { Sessions } from '../identity/session/sessions.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { BrowserSessions } from './browser-sessions.ts';

export interface PageOptions {
  /** Scheme, host and port of every public address; empty: every Host is ours. */
  readonly publicOrigins: readonly string[];
  /** Keeps the part of a deep link behind "#" over the sign-in. */
  readonly keepFragment: boolean;
  /** Sign-in starts, and callbacks, per minute and client. */
  readonly loginPerMinute: number;
  /** Back-channel logout messages per minute and client. */
  readonly logoutPerMinute: number;
}

export interface PageDependencies {
  readonly login: LoginFlow;
  readonly sessions: Sessions;
  readonly browserSessions: BrowserSessions;
  readonly authenticator: SessionAuthenticator;
  /** The public keys of session JWTs as a JSON Web Key Set. */
  readonly jwks: () => { readonly body: string };
  readonly namespacesOf: NamespacesOf;
  /** Undefined where people may make no tokens. */
  readonly tokens: PersonalTokens | undefined;
  /** What people allow programs to redeem. */
  readonly grantRecords: GrantRecords;
  /** Judges bearer tokens, too, where a page takes them. */
  readonly requestAuthenticator: Pick<RequestAuthenticator, 'authenticate'>;
  readonly sealer: Pick<RecordSealer, 'seal' | 'open'>;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What every route is made from. */
export interface PageContext extends PageDependencies {
  readonly options: PageOptions;
}
