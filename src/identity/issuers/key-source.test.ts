import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { keySourceOf, type IssuerKeyOptions } from './key-source.ts';

const KEY_SET = { keys: [{ kty: 'EC' }] };
const defaults: IssuerKeyOptions = { source: 'discovery', timeoutMs: 2_000, insecureHttp: true };

let server: Server;
let url: string;
let paths: string[];
let answers: Readonly<Record<string, RequestListener>>;

const load = (changes: Partial<IssuerKeyOptions>, issuer = url): Promise<unknown> =>
  keySourceOf(issuer, { ...defaults, ...changes }, systemClock).load();

const json =
  (value: unknown): RequestListener =>
  (_req, res) =>
    void res.end(JSON.stringify(value));

beforeEach(async () => {
  paths = [];
  server = createServer((req, res) => {
    const path = req.url ?? '';
    paths.push(path);
    const answer = answers[path] ?? ((_req, unknown) => void unknown.writeHead(404).end());
    answer(req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answers = { '/keys': json(KEY_SET) };
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('keys by the description of the issuer', () => {
  const description = '/.well-known/openid-configuration';
  const describing = (value: unknown, path = description): void => {
    answers = { ...answers, [path]: json(value) };
  };

  test('are where it says that they are', async () => {
    describing({ issuer: url, jwks_uri: `${url}/keys` });
    expect(await load({})).toEqual(KEY_SET);
    expect(paths).toEqual([description, '/keys']);
  });

  test('are found below the path of the issuer, with a slash at its end or none', async () => {
    for (const issuer of [`${url}/realm`, `${url}/realm/`]) {
      describing({ issuer, jwks_uri: `${url}/keys` }, `/realm${description}`);
      expect(await load({}, issuer)).toEqual(KEY_SET);
    }
  });

  test.each<[what: string, value: unknown]>([
    ['of another issuer', { issuer: 'https://other.example', jwks_uri: 'https://x.example/keys' }],
    ['without issuer', { jwks_uri: 'https://x.example/keys' }],
    ['that is no object', 'keys'],
  ])('are not taken by a description %s', async (_what, value) => {
    describing(value);
    await expect(load({})).rejects.toThrow('calls itself otherwise');
  });

  test.each([undefined, 1, 'keys', 'file:///etc/passwd', 'ftp://127.0.0.1/keys'])(
    'are not taken from %s',
    async (address) => {
      describing({ issuer: url, jwks_uri: address });
      await expect(load({})).rejects.toThrow();
      expect(paths).toEqual([description]);
    },
  );

  test('come within one deadline for both questions', async () => {
    describing({ issuer: url, jwks_uri: `${url}/keys` });
    answers = { ...answers, '/keys': () => undefined };
    await expect(load({ timeoutMs: 100 })).rejects.toThrow(/within 100 ms/);
  });
});

describe('keys at an address', () => {
  test('are asked for there and nowhere else', async () => {
    const keys = await load({ source: 'url', keySetUrl: `${url}/keys` }, 'https://ci.example');
    expect(keys).toEqual(KEY_SET);
    expect(paths).toEqual(['/keys']);
  });

  test.each<[what: string, answer: RequestListener]>([
    ['a redirect', (_req, res) => void res.writeHead(302, { location: '/keys' }).end()],
    ['a failure', (_req, res) => void res.writeHead(500).end()],
    ['what is missing', (_req, res) => void res.writeHead(404).end()],
    ['text', (_req, res) => void res.end('keys')],
    ['more than a mebibyte', json('x'.repeat(2 ** 20))],
  ])('are not %s', async (_what, answer) => {
    answers = { ...answers, '/other': answer };
    await expect(load({ source: 'url', keySetUrl: `${url}/other` })).rejects.toThrow();
    expect(paths).toEqual(['/other']);
  });

  test('do not come over plain http where that is not named', async () => {
    const options = { source: 'url', keySetUrl: `${url}/keys`, insecureHttp: false } as const;
    await expect(load(options)).rejects.toThrow('not permitted');
    expect(paths).toEqual([]);
  });

  test('cannot be had while the file of authorities cannot be read', async () => {
    const options = { source: 'url', keySetUrl: `${url}/keys`, caFile: '/nonexistent' } as const;
    await expect(load(options)).rejects.toThrow('ENOENT');
  });
});

describe('keys in a file', () => {
  test('are what the file says at each question', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kfgw-keys-'));
    try {
      const keySetFile = join(directory, 'keys.json');
      const source = keySourceOf(
        'https://ci.example',
        { ...defaults, source: 'file', keySetFile },
        systemClock,
      );
      await expect(source.load()).rejects.toThrow('ENOENT');
      await writeFile(keySetFile, JSON.stringify(KEY_SET));
      expect(await source.load()).toEqual(KEY_SET);
      await writeFile(keySetFile, 'a password');
      await expect(source.load()).rejects.toThrow(/^not JSON$/);
      expect(source.renewAfterMs).toBe(10_000);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
