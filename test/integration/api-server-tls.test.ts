import { createServer, type Server } from 'node:https';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readJson } from '../../src/access/kubernetes/answer-body.ts';
import { inClusterCredentials } from '../../src/access/kubernetes/in-cluster.ts';
import { NodeApiTransport } from '../../src/access/kubernetes/api-transport.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import { FakeClock } from '../fixtures/fake-clock.ts';
import { closeServer, portOf, startRawUpstream } from '../fixtures/tcp-server.ts';
import { makeCertificate, type Certificate } from '../neighbours/certificate.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const cleanups = new Cleanups();
const clock = new FakeClock();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'api-server-'));
  cleanups.add(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'token'), 'pod-token');
});
afterEach(() => {
  vi.unstubAllEnvs();
  return cleanups.run();
});

async function certificate(name: string): Promise<Certificate> {
  const own = await mkdtemp(join(directory, `${name}-`));
  return makeCertificate(own);
}

function serve({ cert, key }: Certificate): Server & { readonly seen: string[] } {
  const seen: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    seen.push(request.headers.authorization ?? '');
    response.end('{}');
  });
  cleanups.add(() => {
    server.closeAllConnections();
    return closeServer(server);
  });
  return Object.assign(server, { seen });
}

function transportTo(port: number): NodeApiTransport {
  const options = { host: '127.0.0.1', port: String(port), directory };
  const transport = new NodeApiTransport(inClusterCredentials(options, clock), clock);
  cleanups.add(() => {
    transport.close();
  });
  return transport;
}

async function ask(transport: NodeApiTransport): Promise<number> {
  const answer = await transport.request({ method: 'GET', path: '/', accept: 'application/json' });
  const body = await readJson(answer, { maxBytes: 100, withinMs: 1_000 }, clock);
  expect(body.kind).toBe('json');
  return answer.status;
}

describe('the connection to the API server', () => {
  it('is made to no server but one that the authority in the pod vouches for', async () => {
    const [ours, another] = [await certificate('ours'), await certificate('another')];
    await writeFile(join(directory, 'ca.crt'), another.cert);
    const server = serve(ours);
    const transport = transportTo(await portOf(server));
    await expect(ask(transport)).rejects.toThrow(/self-signed certificate/);
    expect(server.seen).toEqual([]);
    // The authority is replaced in the pod: the next try reads it anew.
    await writeFile(join(directory, 'ca.crt'), ours.cert);
    expect(await ask(transport)).toBe(200);
    expect(server.seen).toEqual(['Bearer pod-token']);
  });

  it('is checked whatever the environment says of certificates', async () => {
    const [ours, another] = [await certificate('ours'), await certificate('another')];
    await writeFile(join(directory, 'ca.crt'), another.cert);
    const server = serve(ours);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    await expect(ask(transportTo(await portOf(server)))).rejects.toThrow(/self-signed certificate/);
    expect(server.seen).toEqual([]);
  });

  it.each([
    ['that takes no connection', 10_000, 'no connection within 10000 ms'],
    ['that takes a connection and says nothing', 30_000, 'no answer within 30000 ms'],
  ])('does not wait for ever for a server %s', async (what, ms, message) => {
    const ours = await certificate('ours');
    await writeFile(join(directory, 'ca.crt'), ours.cert);
    const silent = createServer({ cert: ours.cert, key: ours.key }, () => undefined);
    cleanups.add(() => {
      silent.closeAllConnections();
      return closeServer(silent);
    });
    const raw = await startRawUpstream(() => undefined);
    cleanups.add(() => raw.close());
    const isRaw = what.includes('no connection');
    let asked = false;
    silent.on('request', () => (asked = true));
    const transport = transportTo(isRaw ? raw.port : await portOf(silent));
    const rejected = expect(ask(transport)).rejects.toThrow(message);
    await pollUntil('asked', () => (isRaw ? raw.sockets.size === 1 : asked));
    await clock.advance(ms);
    await rejected;
  });
});
