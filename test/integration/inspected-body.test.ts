// A body that decides, over real sockets: what is refused, and that what was judged is what arrives.
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/access/authorizer.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import { SESSION, SESSION_COOKIE, startListener, upstreamOf } from '../fixtures/listener-bed.ts';
import { startNodeUpstream } from '../fixtures/node-upstream.ts';
import { routesThat, rulesThat } from '../fixtures/questions.ts';
import { ask } from '../fixtures/raw-answer.ts';
import { RawConnection } from '../fixtures/raw-connection.ts';
import { pollUntil } from '../neighbours/poll-until.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

const MAX_BYTES = 65_536;
const CREATE = 'POST /api/workgroup/create';
const SIGNED_IN = `Cookie: ${SESSION_COOKIE}`;
const JSON_TYPE = 'Content-Type: application/json';

const denied: Answer = {
  kind: 'denied',
  question: {
    action: { verb: 'create', group: 'kubeflow.org', resource: 'profiles', subresource: '' },
    namespace: '',
    name: '',
  },
};

interface Arrival {
  readonly body: string;
  readonly headers: readonly string[];
}

async function start({ answer = denied, clock = systemClock } = {}) {
  const arrivals: Arrival[] = [];
  const upstream = await startNodeUpstream((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      arrivals.push({ body: Buffer.concat(chunks).toString('latin1'), headers: req.rawHeaders });
      res.end(`created ${arrivals.length}`);
    });
  });
  cleanups.add(() => upstream.close());
  const routes = routesThat({ kind: 'inspect', check: 'workgroup_create', maxBytes: MAX_BYTES });
  const overrides = { routes, rules: rulesThat(answer), clock };
  const bed = await startListener([upstreamOf(upstream.port)], {}, overrides);
  cleanups.add(() => bed.close());
  return { ...bed, arrivals };
}

/** A request with a body of this many bytes as latin1, and these lines instead of the usual ones. */
function post(body: string, lines: readonly string[] = [JSON_TYPE]): string {
  const length = `Content-Length: ${Buffer.byteLength(body, 'latin1')}`;
  return [`${CREATE} HTTP/1.1`, 'Host: gateway', SIGNED_IN, length, ...lines, '', body].join(
    '\r\n',
  );
}

function chunked(parts: readonly string[], end = '0\r\n\r\n'): string {
  const head = [`${CREATE} HTTP/1.1`, 'Host: gateway', SIGNED_IN, JSON_TYPE];
  const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  return [...head, 'Transfer-Encoding: chunked', '', `${chunks.join('')}${end}`].join('\r\n');
}

/** Sends the bytes and waits for the end of one answer; the connection may stay open. */
async function exchange(port: number, bytes: string): Promise<string> {
  const connection = new RawConnection(port);
  cleanups.add(() => {
    connection.destroy();
  });
  connection.send(bytes);
  await connection.until('\r\n\r\n');
  return connection.until(connection.received.includes('HTTP/1.1 200') ? 'created' : '}');
}

function valuesOf({ headers }: Arrival, name: string): string[] {
  return headers.filter((_, at) => headers[at - 1]?.toLowerCase() === name && at % 2 === 1);
}

describe('a body that was read', () => {
  it.each([
    ['as it came, byte for byte', '{ "namespace" :"n",\r\n "user":"us\\u0065r@example.com"}\n'],
    ['without a user', '{"namespace":"n"}'],
    ['with an empty user', '{"namespace":"n","user":""}'],
    ['with the caller as user', '{"namespace":"n","user":"user@example.com"}'],
    ['of exactly the size that is allowed', `{"namespace":"${'n'.repeat(MAX_BYTES - 16)}"}`],
  ])('reaches the application %s', async (_how, body) => {
    const { port, arrivals } = await start();
    expect(await exchange(port, post(body))).toContain('HTTP/1.1 200');
    expect(arrivals.map((arrival) => arrival.body)).toEqual([body]);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'may be declared as %s',
    async (type) => {
      const { port, arrivals } = await start();
      await exchange(port, post('{}', [`Content-Type: ${type}`, 'Content-Encoding: identity']));
      expect(arrivals).toHaveLength(1);
    },
  );

  it('has one length however it came, and one identity', async () => {
    const { port, arrivals } = await start();
    await exchange(port, chunked(['{"names', 'pace":"n"}']));
    const [arrival] = arrivals;
    if (arrival === undefined) throw new Error('nothing arrived');
    expect(arrival.body).toBe('{"namespace":"n"}');
    expect(valuesOf(arrival, 'content-length')).toEqual(['17']);
    expect(valuesOf(arrival, 'transfer-encoding')).toEqual([]);
    expect(valuesOf(arrival, 'content-type')).toEqual(['application/json']);
    expect(valuesOf(arrival, 'kubeflow-userid')).toEqual(['user@example.com']);
  });

  it('does not arrive when the session ended while it came', async () => {
    const bed = await start();
    const bytes = post('{"namespace":"n"}');
    const connection = new RawConnection(bed.port);
    connection.send(bytes.slice(0, -5));
    await pollUntil('the request is asked about', () => bed.sessions.questions > 0);
    bed.sessions.end(SESSION, 'signed_out');
    connection.send(bytes.slice(-5));
    expect(await connection.until('signed_out')).toMatch(/^HTTP\/1\.1 401 /);
    connection.destroy();
    expect(bed.arrivals).toEqual([]);
  });

  it('may be none at all: the dashboard then takes the caller', async () => {
    const { port, arrivals } = await start();
    expect(await exchange(port, post('', []))).toContain('HTTP/1.1 200');
    expect(arrivals.map((arrival) => arrival.body)).toEqual(['']);
  });

  it('is asked for, once, by 100 Continue', async () => {
    const { port, arrivals } = await start();
    const connection = new RawConnection(port);
    cleanups.add(() => {
      connection.destroy();
    });
    const [head = '', body = ''] = post('{"namespace":"n"}').split('\r\n\r\n');
    connection.send(`${head}\r\nExpect: 100-continue\r\n\r\n`);
    await connection.until('100 Continue');
    expect(arrivals).toEqual([]);
    connection.send(body);
    const answers = await connection.until('created');
    expect(answers.match(/100 Continue/g)).toHaveLength(1);
    expect(arrivals.map((arrival) => arrival.body)).toEqual(['{"namespace":"n"}']);
  });

  it('leaves the connection to the next request', async () => {
    const { port, arrivals } = await start();
    const connection = new RawConnection(port);
    cleanups.add(() => {
      connection.destroy();
    });
    for (const count of [1, 2, 3]) {
      connection.send(count === 2 ? chunked(['{"namespace":"n"}']) : post('{"namespace":"n"}'));
      await connection.until(`created ${count}`);
    }
    connection.send(post('{"user":"admin@example.com"}'));
    await connection.until('owner_is_someone_else');
    connection.send(post('{}'));
    await connection.until('created 4');
    expect(arrivals).toHaveLength(4);
  });

  it('is not sent a second time when the application breaks off', async () => {
    const bodies: string[] = [];
    const upstream = await startNodeUpstream((req, res) => {
      req.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      req.on('end', () => (bodies.length === 1 ? res.end('created') : req.socket.destroy()));
    });
    cleanups.add(() => upstream.close());
    const routes = routesThat({ kind: 'inspect', check: 'workgroup_create', maxBytes: MAX_BYTES });
    const bed = await startListener([upstreamOf(upstream.port)], {}, { routes });
    cleanups.add(() => bed.close());
    await exchange(bed.port, post('{"namespace":"first"}'));
    const answer = await exchange(bed.port, post('{"namespace":"second"}'));
    expect(answer).toContain('HTTP/1.1 502');
    expect(bodies).toEqual(['{"namespace":"first"}', '{"namespace":"second"}']);
  });
});

describe('a namespace for somebody else', () => {
  it.each([
    ['by name', '{"namespace":"n","user":"admin@example.com"}'],
    ['by a name in escapes', String.raw`{"us\u0065r":"admin@example.com"}`],
    ['by a list', '{"user":["user@example.com"]}'],
    ['by an object', '{"user":{"name":"user@example.com"}}'],
    ['by a number', '{"user":1}'],
    ['by null', '{"user":null}'],
    ['by a member in another case', '{"User":"admin@example.com"}'],
    ['in a nested object', '{"profile":{"user":"admin@example.com"}}'],
  ])('is refused: %s', async (_how, body) => {
    const { port, arrivals } = await start();
    const answer = await ask({ port }, CREATE, lines(body), body);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'owner_is_someone_else' });
    expect(arrivals).toEqual([]);
  });

  it('is made by those who may create Profiles', async () => {
    const { port, arrivals } = await start({
      answer: { kind: 'allowed', grant: { binding: undefined } },
    });
    const body = '{"namespace":"n","user":"new@example.com"}';
    expect(await exchange(port, post(body))).toContain('HTTP/1.1 200');
    expect(arrivals.map((arrival) => arrival.body)).toEqual([body]);
  });

  it('is neither made nor refused while nobody can say', async () => {
    const { port, arrivals } = await start({
      answer: { kind: 'unavailable', reason: 'access_loading', retryAfterSec: 3 },
    });
    const body = '{"user":"new@example.com"}';
    const answer = await ask({ port }, CREATE, lines(body), body);
    expect([answer.status, answer.header('retry-after')]).toEqual([503, '3']);
    expect(arrivals).toEqual([]);
  });
});

function lines(body: string, type = JSON_TYPE): string[] {
  return [SIGNED_IN, type, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`];
}

const own = '{"namespace":"n"}';
const large = `{"namespace":"${'n'.repeat(MAX_BYTES)}"}`;

describe('a body that cannot be judged is refused', () => {
  it.each([
    ['a user named twice', post('{"user":"admin@example.com","user":"user@example.com"}')],
    ['a user named twice, once in escapes', post(String.raw`{"us\u0065r":"a","user":""}`)],
    ['__proto__', post('{"__proto__":{"user":"admin@example.com"}}')],
    ['a list', post('[{"user":"admin@example.com"}]')],
    ['two objects', post('{"namespace":"n"}{"user":"admin@example.com"}')],
    ['JSON with a comment', post('{/*"user":"*/"namespace":"n"}')],
    ['a byte order mark', post('\xef\xbb\xbf{"namespace":"n"}')],
    ['bytes that are not UTF-8', post('{"namespace":"\xff"}')],
    ['a form', post('user=admin', ['Content-Type: application/x-www-form-urlencoded'])],
    ['JSON that calls itself a form', post(own, ['Content-Type: text/plain'])],
    ['JSON without a type', post(own, [])],
    ['JSON with two types', post(own, [JSON_TYPE, 'Content-Type: text/plain'])],
    ['JSON in UTF-16', post(own, [`${JSON_TYPE}; charset=utf-16`])],
    ['JSON of another kind', post(own, ['Content-Type: application/json-seq'])],
    ['gzip', post(gzipSync(own).toString('latin1'), [JSON_TYPE, 'Content-Encoding: gzip'])],
    ['gzip that says nothing', post(gzipSync(own).toString('latin1'))],
    ['two codings', post(own, [JSON_TYPE, 'Content-Encoding: identity, gzip'])],
    ['an empty chunked body', chunked([])],
  ])('with 400: %s', async (_what, bytes) => {
    const { port, arrivals, audits } = await start();
    const answer = await exchange(port, bytes);
    expect(answer).toContain('HTTP/1.1 400');
    expect(answer).toContain('body_unreadable');
    expect(arrivals).toEqual([]);
    await pollUntil('it is told', () => audits.length === 1);
    expect(audits).toMatchObject([{ outcome: 'refuse', reason: 'body_unreadable' }]);
  });

  it.each([
    ['declared', post(large)],
    ['declared, and never sent', post(large).slice(0, -large.length)],
    ['in chunks', chunked([large.slice(0, 40_000), large.slice(40_000)])],
    ['in chunks without end', chunked([large], '')],
  ])('with 413 and the end of the connection: 65 KiB %s', async (_how, bytes) => {
    const { port, arrivals } = await start();
    const connection = new RawConnection(port);
    connection.send(bytes);
    const answer = await connection.ended();
    expect(answer).toContain('HTTP/1.1 413');
    expect(answer).toContain('body_too_large');
    expect(arrivals).toEqual([]);
  });

  it('without asking for it where its head is enough', async () => {
    const { port } = await start();
    for (const type of [JSON_TYPE, 'Content-Type: text/plain']) {
      const length = type === JSON_TYPE ? MAX_BYTES + 1 : 2;
      const answer = await ask({ port }, CREATE, [
        SIGNED_IN,
        type,
        `Content-Length: ${length}`,
        'Expect: 100-continue',
      ]);
      expect(answer.status).toBe(length === 2 ? 400 : 413);
    }
  });

  it('with 408 when it does not come in time', async () => {
    const clock = {
      ...systemClock,
      after: (ms: number, run: () => void) => systemClock.after(ms === 10_000 ? 200 : ms, run),
    };
    const { port, arrivals } = await start({ clock });
    const connection = new RawConnection(port);
    connection.send(post(own).slice(0, -1));
    const answer = await connection.ended();
    expect(answer).toContain('HTTP/1.1 408');
    expect(answer).toContain('request_timeout');
    expect(arrivals).toEqual([]);
  });

  it.each([
    ['is shorter than declared', post(own).slice(0, -1)],
    ['lacks its last chunk', chunked([own], '')],
    ['has a chunk that is none', chunked([own], 'x\r\n')],
  ])('when it %s: nothing reaches the application', async (_how, bytes) => {
    const { port, arrivals, audits } = await start();
    const connection = new RawConnection(port);
    connection.send(bytes);
    await once(connection.socket, 'connect');
    connection.socket.end();
    expect(await connection.ended()).not.toContain('HTTP/1.1 200');
    await pollUntil('it is told', () => audits.length === 1);
    expect(arrivals).toEqual([]);
  });

  it('but not for what stands behind it, which is no part of it', async () => {
    const { port, arrivals } = await start();
    const connection = new RawConnection(port);
    connection.send(chunked([own], '0\r\n\r\n{"user":"admin@example.com"}\r\n\r\n'));
    await connection.ended();
    expect(connection.received.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(arrivals.map((arrival) => arrival.body).filter((body) => body !== own)).toEqual([]);
  });
});
