import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import session from 'express-session';
import { describe, expect, it } from 'vitest';
import { newKey } from '../../../test/fixtures/session-replicas.ts';
import { systemRandom } from '../../kernel/random.ts';
import {
  newSessionId,
  readSessionCookie,
  sessionKeyOf,
  signSessionCookie,
} from './session-cookie.ts';
import { prepareKey } from './session-keys.ts';

const [current, previous] = [newKey(), newKey()];
const secrets = [current, previous];
const id = newSessionId(systemRandom);
const value = signSessionCookie(id, current);

describe('a session cookie value', () => {
  it('is verified with the current key and with those before', () => {
    for (const key of secrets) {
      const canonical = signSessionCookie(id, key);
      expect(readSessionCookie(canonical, secrets)).toEqual({ kind: 'verified', id, canonical });
    }
  });

  it('is not verified with a key that was withdrawn', () => {
    expect(readSessionCookie(value, [previous])).toEqual({ kind: 'invalid' });
    expect(readSessionCookie(value, [])).toEqual({ kind: 'invalid' });
  });

  it('is what express-session sets for the same id and key', () => {
    expect(whatExpressSets(id)).toBe(value);
  });

  it('is refused when any character is changed, left out or doubled', () => {
    for (let at = 0; at < value.length; at++) {
      const [before, character, after] = [value.slice(0, at), value[at] ?? '', value.slice(at + 1)];
      const other = character === 'A' ? 'B' : 'A';
      for (const forged of [`${before}${other}${after}`, `${before}${after}`]) {
        expect(readSessionCookie(forged, secrets).kind, forged).toBe('invalid');
      }
      expect(readSessionCookie(`${before}${character}${character}${after}`, secrets).kind).toBe(
        'invalid',
      );
    }
  });

  it.each([
    ['empty', ''],
    ['the bare id', id],
    ['unsigned', encodeURIComponent(`s:${id}`)],
    ['with an empty signature', encodeURIComponent(`s:${id}.`)],
    ['of an unknown version', signSessionCookie(id.replace('1.', '2.'), current)],
    ['with a shorter id', signSessionCookie(id.slice(0, -1), current)],
    ['half a character', '\ud800'],
    ['badly encoded', `${value}%`],
    ['very long', 's'.repeat(100_000)],
  ])('is refused when it is %s', (_what, forged) => {
    expect(readSessionCookie(forged, secrets)).toEqual({ kind: 'invalid' });
  });

  it('has one canonical form in whatever spelling it comes', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), fc.boolean(), (encode, isQuoted) => {
        const plain = decodeURIComponent(value);
        const spelled = plain.replaceAll(/./g, (c) => (encode.next().value ? percent(c) : c));
        const read = readSessionCookie(isQuoted ? `"${spelled}"` : spelled, secrets);
        expect(read).toEqual({ kind: 'verified', id, canonical: value });
      }),
    );
  });

  it('means to us what it means to express-session, whatever it is', () => {
    fc.assert(
      fc.property(almostCookie(), (given) => {
        const read = readSessionCookie(given, secrets);
        expect(read.kind === 'verified' ? read.id : undefined).toBe(whatExpressReads(given));
      }),
      { numRuns: 500 },
    );
  });

  it('is read or refused without throwing, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (given) => {
        expect(readSessionCookie(given, secrets).kind).toBe('invalid');
      }),
    );
  });
});

describe('a session id', () => {
  it('carries its version and 256 random bits', () => {
    expect(id).toMatch(/^1\.[\w-]{43}$/);
    expect(newSessionId(systemRandom)).not.toBe(id);
  });

  it('is not found in the key under which the store keeps the session', () => {
    expect(sessionKeyOf(id)).toMatch(/^[\w-]{43}$/);
    expect(id).not.toContain(sessionKeyOf(id));
  });
});

/** Values that are good, or good but for a small change; none that a header parser would change. */
function almostCookie(): fc.Arbitrary<string> {
  const forms = [value, decodeURIComponent(value), `"${value}"`, `"${decodeURIComponent(value)}"`];
  const edit = fc.tuple(fc.nat(value.length), fc.nat(3), fc.stringMatching(/^[!-+\--:<-~]{0,3}$/));
  return fc
    .tuple(fc.constantFrom(...forms), fc.option(edit))
    .map(([form, change]) =>
      change === null
        ? form
        : form.slice(0, change[0]) + change[2] + form.slice(change[0] + change[1]),
    );
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** The session id for which express-session asks its store; undefined when it asks for none. */
function whatExpressReads(given: string): string | undefined {
  let asked: string | undefined;
  class AskedStore extends session.MemoryStore {
    override get(sessionId: string): void {
      asked = sessionId;
    }
  }
  runExpressSession(new AskedStore(), `kfgw=${given}`);
  return asked;
}

function whatExpressSets(sessionId: string): string | undefined {
  const res = runExpressSession(new session.MemoryStore(), undefined, sessionId);
  res.writeHead(200);
  return /^kfgw=([^;]*)/.exec(String(res.getHeader('Set-Cookie')))?.[1];
}

function runExpressSession(
  store: session.Store,
  cookie: string | undefined,
  sessionId = 'unused',
): ServerResponse {
  const handle = session({
    store,
    secret: secrets.map((secret) => prepareKey(secret).signing),
    name: 'kfgw',
    genid: () => sessionId,
    resave: false,
    saveUninitialized: true,
  });
  const req = new IncomingMessage(new Socket());
  req.url = '/';
  if (cookie !== undefined) req.headers.cookie = cookie;
  const res = new ServerResponse(req);
  // express-session uses nothing of Express's own request and response.
  Reflect.apply(handle, undefined, [req, res, () => undefined]);
  return res;
}
