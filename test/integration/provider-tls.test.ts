// The provider's certificate: trusted by a configured authority, by anybody where that is named, or not.
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { boundedFetch, type FetchBounds } from '../../src/identity/login/bounded-fetch.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { makeCertificate } from '../neighbours/certificate.ts';
import { describeWith } from '../neighbours/describe-with.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';

describeWith(['openssl'], 'a provider with a certificate of its own', () => {
  let directory: string;
  let authority: string;
  let url: string;
  const server = createServer((_req, res) => res.end('hello'));

  beforeAll(async () => {
    directory = await makeScratchDirectory('provider-tls');
    const { cert, key } = await makeCertificate(directory);
    authority = cert;
    server.setSecureContext({ cert, key });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await removeScratchDirectory(directory);
  });

  async function ask(bounds: Partial<FetchBounds>): Promise<string> {
    const defaults = { timeoutMs: 5_000, allowHttp: false, skipTlsVerify: false };
    const fetch = boundedFetch({ ...defaults, caPem: () => undefined, ...bounds }, systemClock);
    const options = { method: 'GET', headers: {}, body: undefined, redirect: 'manual' } as const;
    return (await fetch(url, options)).text();
  }

  it('is refused by default', async () => {
    await expect(ask({})).rejects.toThrow(/self-signed certificate/);
  });

  it('is accepted with its authority, which may come later', async () => {
    const file: { pem?: string } = {};
    const caPem = () => file.pem;
    await expect(ask({ caPem })).rejects.toThrow(/self-signed certificate/);
    file.pem = authority;
    expect(await ask({ caPem })).toBe('hello');
  });

  it('is accepted unseen only where that is named', async () => {
    expect(await ask({ skipTlsVerify: true })).toBe('hello');
  });
});
