// Owns the demo's OpenID provider: oidc-provider behind /dex, with paths and a form like Dex's.
import { randomBytes } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { errors, Provider, type Configuration } from 'oidc-provider';
import { compilePage } from './page.ts';
import { personByPassword, personBySubject } from './people.ts';
import { createProviderStore } from './provider-store.ts';

export interface DemoClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
}

const MOUNT = '/dex';
const FORM_PATH = '/auth/local/login';
const HOUR_SEC = 3600;

/** `issuer` is where browsers reach the provider; its path must be /dex. */
export async function createIdentityProvider(issuer: string, client: DemoClient): Promise<Express> {
  const provider = new Provider(issuer, configuration(client, await signingKey()));
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.get(`${MOUNT}${FORM_PATH}`, async (req, res) => {
    await provider.interactionDetails(req, res);
    res.send(signInForm({ title: 'Sign in to the demo', refused: false, login: '' }));
  });
  app.post(`${MOUNT}${FORM_PATH}`, express.urlencoded({ extended: false }), async (req, res) => {
    const { login, password } = fieldsOf(req.body);
    const person = personByPassword(login, password);
    if (person === undefined) {
      res.status(401);
      res.send(signInForm({ title: 'Sign in to the demo', refused: true, login: login ?? '' }));
      return;
    }
    await provider.interactionFinished(req, res, { login: { accountId: person.subject } });
  });
  app.use(MOUNT, forgetSession, provider.callback());
  app.use(tellError);
  return app;
}

/** Such as for the form of a sign-in that is over, to which the browser's "back" leads. */
const tellError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (!(error instanceof errors.OIDCProviderError)) {
    next(error);
    return;
  }
  res.status(error.statusCode).send(errorPage({ title: 'Sign-in failed', code: error.error }));
};

function fieldsOf(body: unknown): { readonly login?: string; readonly password?: string } {
  if (typeof body !== 'object' || body === null) return {};
  const entries = Object.entries(body).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(entries);
}

const signInForm = compilePage<{ title: string; refused: boolean; login: string }>(`
<% if (it.refused) { %><p class="refused" role="alert">E-mail address or password is wrong.</p><% } %>
<form method="post" action="${MOUNT}${FORM_PATH}">
<label>E-mail address
<input name="login" type="email" value="<%= it.login %>" autocomplete="username" required autofocus></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in</button>
</form>
<p>user@example.com or viewer@example.com, password 12341234</p>`);

const errorPage = compilePage<{ title: string; code: string }>(`
<p>The demo's provider could not go on: <code><%= it.code %></code></p>
<p><a href="/">Start again</a></p>`);

async function signingKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'demo' };
}

function configuration(client: DemoClient, key: JWK): Configuration {
  return {
    adapter: createProviderStore(),
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    jwks: { keys: [{ ...key }] },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: cookieNames,
      long: { path: MOUNT },
    },
    routes: { authorization: '/auth', token: '/token', jwks: '/keys', userinfo: '/userinfo' },
    scopes: ['openid', 'email', 'profile', 'groups', 'offline_access'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      groups: ['groups'],
    },
    // Claims in the ID token itself, and a refresh token without asking for consent, as Dex does.
    conformIdTokenClaims: false,
    issueRefreshToken: () => Promise.resolve(true),
    findAccount: (_ctx, subject) => accountOf(subject),
    interactions: { url: () => `${MOUNT}${FORM_PATH}` },
    loadExistingGrant: async ({ oidc }) => {
      const { client: asking, session } = oidc;
      const grant = new oidc.provider.Grant({
        ...(asking !== undefined && { clientId: asking.clientId }),
        ...(session?.accountId !== undefined && { accountId: session.accountId }),
      });
      grant.addOIDCScope('openid email profile groups offline_access');
      await grant.save();
      return grant;
    },
    renderError: (ctx, { error }) => {
      ctx.type = 'html';
      ctx.body = errorPage({ title: 'Sign-in failed', code: error });
    },
    features: {
      devInteractions: { enabled: false },
      // Like the Dex that Kubeflow ships: no sign-out at the provider.
      rpInitiatedLogout: { enabled: false },
    },
    ttl: {
      AccessToken: HOUR_SEC,
      AuthorizationCode: 60,
      Grant: 24 * HOUR_SEC,
      IdToken: HOUR_SEC,
      Interaction: HOUR_SEC,
      RefreshToken: 24 * HOUR_SEC,
      Session: 24 * HOUR_SEC,
    },
  };
}

/** Cookies of its own name, next to the gateway's on the same origin. */
const cookieNames = {
  session: 'demo-provider',
  interaction: 'demo-provider-interaction',
  resume: 'demo-provider-resume',
};

/**
 * Dex has no session of its own: every authorization request shows the form, and anybody may fill it
 * in, whoever did before.
 */
const forgetSession: RequestHandler = (req, _res, next) => {
  const pairs = (req.headers.cookie ?? '').split(/; */);
  req.headers.cookie = pairs.filter((pair) => !isOfSession(pair)).join('; ');
  next();
};

function isOfSession(pair: string): boolean {
  return [`${cookieNames.session}=`, `${cookieNames.session}.sig=`].some((name) =>
    pair.startsWith(name),
  );
}

function accountOf(subject: string) {
  const person = personBySubject(subject);
  if (person === undefined) return undefined;
  const { email, name, groups } = person;
  const claims = { sub: subject, email, email_verified: true, name, groups: [...groups] };
  return { accountId: subject, claims: () => claims };
}
