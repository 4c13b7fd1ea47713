import { once } from 'node:events';
import http, { type ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Cleanups } from '../../test/fixtures/cleanups.ts';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { startRawUpstream } from '../../test/fixtures/tcp-server.ts';
import { createUpstreamTable } from '../access/upstream-table.ts';
import { ResponseDeadlines, type AwaitedAnswer } from './response-deadlines.ts';
import { Seat } from './seats.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

const CONNECT_MS = 3_000;
const RESPONSE_MS = 10_000;

const [upstream] = createUpstreamTable([
  {
    prefix: '/',
    url: 'http://application.test',
    access: 'public',
    connectTimeoutMs: CONNECT_MS,
    responseTimeoutMs: RESPONSE_MS,
  },
]).upstreams;

function watch(request: ClientRequest | undefined) {
  const clock = new FakeClock();
  const deadlines = new ResponseDeadlines(clock);
  cleanups.add(() => {
    deadlines.close();
  });
  let expired = 0;
  if (upstream === undefined) throw new Error('no upstream');
  const chosen = upstream;
  const answer = new (class implements AwaitedAnswer {
    readonly deadlineSeat: Seat<AwaitedAnswer> = new Seat<AwaitedAnswer>(this);
    progress = undefined;
    readonly upstream = chosen;
    readonly request = request;
    readonly expire = () => expired++;
  })();
  deadlines.watch(answer);
  return { clock, deadlines, answer, expired: () => expired };
}

/** A request on a connection to an application that never answers. */
async function connected(headers: Record<string, string> = {}): Promise<ClientRequest> {
  const application = await startRawUpstream(() => undefined);
  cleanups.add(() => application.close());
  const request = http.request({ port: application.port, method: 'POST', headers, agent: false });
  request.on('error', () => undefined);
  cleanups.add(() => request.destroy());
  const [socket] = (await once(request, 'socket')) as [Socket];
  await once(socket, 'connect');
  return request;
}

describe('the time until an answer begins', () => {
  it('ends once, so long after the request was sent', async () => {
    const request = await connected();
    const { clock, expired } = watch(request);
    request.end();
    await clock.advance(RESPONSE_MS);
    expect(expired()).toBe(0);
    await clock.advance(2_000);
    expect(expired()).toBe(1);
    await clock.advance(10 * RESPONSE_MS);
    expect(expired()).toBe(1);
  });

  it('does not pass while the client is still sending', async () => {
    const request = await connected({ 'Content-Length': '10' });
    const { clock, expired } = watch(request);
    await new Promise((resolve) => request.write('ABCDE', resolve));
    await clock.advance(10 * RESPONSE_MS);
    expect(expired()).toBe(0);
    request.end('FGHIJ');
    await clock.advance(RESPONSE_MS + 2_000);
    expect(expired()).toBe(1);
  });

  it('passes while the application does not take what is sent', async () => {
    const request = await connected({ 'Content-Length': '1000000000' });
    while (request.write(Buffer.alloc(1024 ** 2)));
    const { clock, expired } = watch(request);
    await clock.advance(RESPONSE_MS + 2_000);
    expect(expired()).toBe(1);
  });

  it('is shorter while there is no connection yet', async () => {
    const socket = new Socket();
    Object.defineProperty(socket, 'connecting', { value: true });
    const request = http.request({ createConnection: () => socket });
    request.on('error', () => undefined);
    cleanups.add(() => request.destroy());
    await once(request, 'socket');
    const { clock, expired } = watch(request);
    await clock.advance(CONNECT_MS + 2_000);
    expect(expired()).toBe(1);
  });

  it('passes for a request that waits for a connection of the pool', async () => {
    const { clock, expired } = watch(undefined);
    await clock.advance(RESPONSE_MS + 2_000);
    expect(expired()).toBe(1);
  });

  it('is forgotten with the answer', async () => {
    const { clock, deadlines, answer, expired } = watch(undefined);
    deadlines.forget(answer);
    await clock.advance(2 * RESPONSE_MS);
    expect(expired()).toBe(0);
  });
});
