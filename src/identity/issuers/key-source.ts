// Owns where the keys of a configured issuer are had from: its own description, an address, a file.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { CustomFetch } from 'openid-client';
import { within, type Clock } from '../../kernel/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { fieldsOf } from '../../kernel/fields.ts';
import { boundedFetch } from '../login/bounded-fetch.ts';
import type { KeySource } from './issuer-keys.ts';

export interface IssuerKeyOptions {
  readonly source: 'discovery' | 'url' | 'file';
  readonly keySetUrl?: string | undefined;
  readonly keySetFile?: string | undefined;
  /** Authorities for the issuer's certificate in PEM, besides the public ones; read at each use. */
  readonly caFile?: string | undefined;
  /** From the question to the last byte of the last answer. */
  readonly timeoutMs: number;
  readonly insecureHttp: boolean;
}

/** How often keys over the network are asked for anew: what was withdrawn is believed for so long. */
export const RENEW_KEYS_AFTER_MS = 10 * MINUTE_MS;
/** Reading a file costs nobody else anything. */
const RENEW_FILE_AFTER_MS = 10 * SECOND_MS;

/** Keys by these options; `issuer` is compared byte for byte with what the description names. */
export function keySourceOf(issuer: string, options: IssuerKeyOptions, clock: Clock): KeySource {
  const { source, keySetUrl = '', keySetFile = '', timeoutMs } = options;
  if (source === 'file') {
    return {
      load: async () => jsonOf(await readFile(keySetFile, 'utf8')),
      renewAfterMs: RENEW_FILE_AFTER_MS,
    };
  }
  const fetch = boundedFetch(boundsOf(options), clock);
  const ask =
    source === 'url' ? () => getJson(fetch, keySetUrl) : () => discoveredKeys(fetch, issuer);
  const late = (): Error => new Error(`no keys within ${timeoutMs} ms`);
  return {
    load: () => within(clock, timeoutMs, ask(), late),
    renewAfterMs: RENEW_KEYS_AFTER_MS,
  };
}

function boundsOf({ caFile, timeoutMs, insecureHttp }: IssuerKeyOptions) {
  return {
    timeoutMs,
    allowHttp: insecureHttp,
    skipTlsVerify: false,
    caPem: () => (caFile === undefined ? undefined : readFileSync(caFile, 'utf8')),
  };
}

/** OpenID Connect Discovery 1.0 sections 4.1 and 4.3. */
async function discoveredKeys(fetch: CustomFetch, issuer: string): Promise<unknown> {
  const path = '/.well-known/openid-configuration';
  const description = fieldsOf(await getJson(fetch, issuer.replace(/\/$/, '') + path));
  const { issuer: named, jwks_uri: address } = description;
  if (named !== issuer) throw new TypeError('the issuer calls itself otherwise');
  if (typeof address !== 'string') throw new TypeError('the issuer has no jwks_uri');
  return getJson(fetch, address);
}

async function getJson(fetch: CustomFetch, url: string): Promise<unknown> {
  const headers = { accept: 'application/json, application/jwk-set+json' };
  const answer = await fetch(url, { method: 'GET', headers, body: undefined, redirect: 'manual' });
  if (answer.status !== 200) throw new Error(`${url}: status ${answer.status}`);
  return jsonOf(await answer.text());
}

/** The parser's own message would repeat what it read, which may be anything. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('not JSON');
  }
}
