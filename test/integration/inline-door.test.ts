// The inline door over real sockets: what an application receives, and what its client gets back.
import type { RequestListener } from 'node:http';
import https from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { UpstreamOptions } from '../../src/access/upstream-table.ts';
import { Cleanups } from '../fixtures/cleanups.ts';
import {
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../fixtures/listener-bed.ts';
import { echo, startNodeUpstream } from '../fixtures/node-upstream.ts';
import { ask } from '../fixtures/raw-answer.ts';
import { exchangeRaw } from '../fixtures/raw-connection.ts';
import { portOf, startRawUpstream } from '../fixtures/tcp-server.ts';
import { makeCertificate, type Certificate } from '../neighbours/certificate.ts';
import { makeScratchDirectory, removeScratchDirectory } from '../neighbours/scratch-directory.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

async function startInFrontOf(
  application: RequestListener,
  options: Partial<UpstreamOptions> = {},
): Promise<ListenerBed> {
  const upstream = await startNodeUpstream(application);
  cleanups.add(() => upstream.close());
  const bed = await startListener([upstreamOf(upstream.port, options)]);
  cleanups.add(() => bed.close());
  return bed;
}

async function certificateFor(name: string): Promise<Certificate> {
  const directory = await makeScratchDirectory('inline-door');
  cleanups.add(() => removeScratchDirectory(directory));
  return makeCertificate(directory, [name]);
}

const echoSchema = z.object({
  method: z.string(),
  url: z.string(),
  rawHeaders: z.array(z.string()),
  bodyLength: z.number(),
});

/** The headers that the application received, as name, value pairs. */
async function received(
  bed: ListenerBed,
  headers: readonly string[],
): Promise<readonly (readonly [string, string])[]> {
  const answer = await ask(bed, 'GET /app', [`Cookie: ${SESSION_COOKIE}`, ...headers]);
  const { rawHeaders } = echoSchema.parse(JSON.parse(answer.body));
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : []));
}

function valuesOf(headers: readonly (readonly [string, string])[], name: string): string[] {
  return headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

const SIGNED_IN = `Cookie: ${SESSION_COOKIE}`;

describe('what an application receives', () => {
  it('is the request as it was sent', async () => {
    const bed = await startInFrontOf(echo);
    const target = '/pipeline/apis/v2beta1/runs?filter=%257B%2522a%2522%257D&x=//y/../z;';
    const answer = await ask(bed, `POST ${target}`, [SIGNED_IN, 'Content-Length: 3'], 'abc');
    expect(echoSchema.parse(JSON.parse(answer.body))).toMatchObject({
      method: 'POST',
      url: target,
      bodyLength: 3,
    });
  });

  it('is exactly one identity, whatever the client says', async () => {
    const bed = await startInFrontOf(echo);
    const headers = await received(bed, [
      'kubeflow-userid: admin@example.com',
      'KUBEFLOW-USERID: admin@example.com',
      'Kubeflow-Groups: admins',
      'X-Forwarded-User: admin@example.com',
      'x-kfgw-assertion: forged',
      'X-HTTP-Method-Override: DELETE',
    ]);
    expect(valuesOf(headers, 'kubeflow-userid')).toEqual(['user@example.com']);
    expect(valuesOf(headers, 'kubeflow-groups')).toEqual(['team-a,team-b']);
    for (const name of ['x-forwarded-user', 'x-kfgw-assertion', 'x-http-method-override']) {
      expect(valuesOf(headers, name)).toEqual([]);
    }
  });

  it.each(['kubeflow-userid', 'Kubeflow-UserId, x-forwarded-for', 'close, kubeflow-groups'])(
    'cannot lose its identity to Connection: %s',
    async (tokens) => {
      const bed = await startInFrontOf(echo);
      const headers = await received(bed, [`Connection: ${tokens}`, 'X-A: 1']);
      expect(valuesOf(headers, 'kubeflow-userid')).toEqual(['user@example.com']);
      expect(valuesOf(headers, 'kubeflow-groups')).toEqual(['team-a,team-b']);
      expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    },
  );

  it('has no header of the hop in front, nor what Connection names', async () => {
    const bed = await startInFrontOf(echo);
    const headers = await received(bed, [
      'Connection: X-Hop, keep-alive',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic eDp5',
      'TE: trailers',
      'Trailer: X-T',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    ]);
    const names = headers.map(([name]) => name.toLowerCase());
    for (const name of ['x-hop', 'keep-alive', 'te', 'trailer', 'upgrade', 'http2-settings']) {
      expect(names).not.toContain(name);
    }
    expect(names.filter((name) => name.startsWith('proxy-'))).toEqual([]);
    expect(valuesOf(headers, 'connection')).toEqual(['keep-alive']);
  });

  it('keeps repeated headers, odd names and the cookies of applications', async () => {
    const bed = await startInFrontOf(echo);
    const headers = await received(bed, [
      'X-Many: 1',
      'x-many: 2',
      'X-Many: 1',
      '__proto__: odd',
      'constructor: odd',
      `Cookie: XSRF-TOKEN=a; _xsrf=2|b; app="x, y"; __Host-kfgw-login-1=secret; ${SESSION_COOKIE}`,
      'X-XSRF-TOKEN: a',
      'Origin: http://gateway',
    ]);
    expect(valuesOf(headers, 'x-many')).toEqual(['1', '2', '1']);
    expect(valuesOf(headers, '__proto__')).toEqual(['odd']);
    expect(valuesOf(headers, 'constructor')).toEqual(['odd']);
    expect(valuesOf(headers, 'cookie')).toEqual(['XSRF-TOKEN=a; _xsrf=2|b; app="x, y"']);
    expect(valuesOf(headers, 'x-xsrf-token')).toEqual(['a']);
    expect(valuesOf(headers, 'host')).toEqual(['gateway']);
    expect(valuesOf(headers, 'origin')).toEqual(['http://gateway']);
  });

  it('is told the hop by the gateway alone', async () => {
    const bed = await startInFrontOf(echo);
    const headers = await received(bed, [
      'X-Forwarded-For: 10.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Prefix: /evil',
      'Forwarded: for=10.0.0.1;host=evil.example',
      'X-Request-Id: mine-1',
    ]);
    expect(headers.filter(([name]) => /forwarded/i.test(name)).map(([, value]) => value)).toEqual([
      '127.0.0.1',
      'http',
      'gateway',
    ]);
    expect(valuesOf(headers, 'x-request-id')).toEqual(['mine-1']);
  });

  it.each([
    ['no credential', {}, []],
    [
      'the assertion',
      { sendAssertion: true },
      [['x-kfgw-assertion', 'assertion-of-user@example.com']],
    ],
    ['Authorization', { passAuthorization: true }, [['authorization', 'Token app']]],
    ['our cookies', { passOwnCookies: true }, [['cookie', SESSION_COOKIE]]],
  ])('carries %s where that is configured', async (_what, options, expected) => {
    const bed = await startInFrontOf(echo, options);
    const headers = await received(bed, ['Authorization: Token app']);
    const credentials = headers.filter(([name]) =>
      /^(authorization|cookie|x-kfgw-.*)$/i.test(name),
    );
    expect(credentials.map(([name, value]) => [name.toLowerCase(), value])).toEqual(expected);
  });

  it('names nobody on a public route, whoever asks', async () => {
    const bed = await startInFrontOf(echo, { access: 'public', sendAssertion: true });
    const headers = await received(bed, [
      'kubeflow-userid: admin@example.com',
      'Authorization: Bearer x',
    ]);
    const names = headers.map(([name]) => name.toLowerCase());
    for (const name of [
      'kubeflow-userid',
      'kubeflow-groups',
      'x-kfgw-assertion',
      'cookie',
      'authorization',
    ]) {
      expect(names).not.toContain(name);
    }
  });

  it('goes to the application of the longest prefix', async () => {
    const [root, notebooks] = [
      await startNodeUpstream((_req, res) => res.end('root')),
      await startNodeUpstream((_req, res) => res.end('notebooks')),
    ];
    cleanups.add(() => Promise.all([root.close(), notebooks.close()]));
    const bed = await startListener([
      upstreamOf(root.port),
      upstreamOf(notebooks.port, { prefix: '/notebook/' }),
    ]);
    cleanups.add(() => bed.close());
    const bodies = ['/notebook/ns/n/', '/notebook', '/notebooks/', '/'].map(
      async (path) => (await ask(bed, `GET ${path}`, [SIGNED_IN])).body,
    );
    expect(await Promise.all(bodies)).toEqual(['notebooks', 'notebooks', 'root', 'root']);
    expect(new Set(bed.audits.map(({ upstreamId }) => upstreamId))).toEqual(
      new Set(['/notebook', '/']),
    );
  });

  it('is verified as the host it is, not as the Host a client names', async () => {
    const { cert, key } = await certificateFor('application.example');
    const server = https.createServer({ cert, key }, (_req, res) => res.end('secret'));
    const port = await portOf(server);
    cleanups.add(() => {
      server.closeAllConnections();
      server.close();
    });
    const options = { url: `https://127.0.0.1:${port}` };
    const bed = await startListener([
      upstreamOf(port, { ...options, tls: { ca: cert } }),
      upstreamOf(port, {
        ...options,
        prefix: '/named',
        tls: { ca: cert, serverName: 'application.example' },
      }),
      upstreamOf(port, {
        ...options,
        prefix: '/unknown',
        tls: { ca: cert, serverName: 'other.example' },
      }),
      upstreamOf(port, { ...options, prefix: '/untrusted' }),
      upstreamOf(port, { ...options, prefix: '/unverified', tls: { insecureSkipTlsVerify: true } }),
    ]);
    cleanups.add(() => bed.close());
    const statusOf = async (path: string): Promise<number> =>
      (await ask(bed, `GET ${path}`, [SIGNED_IN])).status;
    expect(await statusOf('/')).toBe(200);
    expect(await statusOf('/named')).toBe(200);
    expect(await statusOf('/unknown')).toBe(502);
    expect(await statusOf('/untrusted')).toBe(502);
    expect(await statusOf('/unverified')).toBe(200);
  });
});

describe('what a client gets back', () => {
  async function answerTo(bytes: string, requestLine = 'GET /notebook/ns/n/lab'): Promise<string> {
    const upstream = await startRawUpstream((socket) => {
      socket.once('data', () => socket.end(bytes, 'latin1'));
    });
    cleanups.add(() => upstream.close());
    const bed = await startListener([upstreamOf(upstream.port)]);
    cleanups.add(() => bed.close());
    return exchangeRaw(
      bed.port,
      `${requestLine} HTTP/1.1\r\nHost: gateway\r\n${SIGNED_IN}\r\nConnection: close\r\n\r\n`,
    );
  }

  it('is the answer as the application gave it', async () => {
    const answer = await answerTo(
      'HTTP/1.1 418 Short And Stout\r\nDate: yesterday\r\nX-Many: 1\r\nx-many: 2\r\nContent-Length: 3\r\nX-Text: caf\xe9\r\n\r\ntea',
    );
    expect(answer).toBe(
      'HTTP/1.1 418 Short And Stout\r\nDate: yesterday\r\nX-Many: 1\r\nx-many: 2\r\nContent-Length: 3\r\nX-Text: caf\xe9\r\nConnection: close\r\n\r\ntea',
    );
  });

  it('leaves out what belongs to the hop or is not for an application to set', async () => {
    const answer = await answerTo(
      [
        'HTTP/1.1 200 OK',
        'Connection: close, X-Hop',
        'X-Hop: secret',
        'Keep-Alive: timeout=9',
        'Proxy-Authenticate: Basic',
        'Upgrade: h2c',
        'Trailer: X-T',
        'Set-Cookie: app=1; Path=/notebook/ns/n/',
        'Set-Cookie: kfgw=stolen; Path=/',
        'Set-Cookie: __Host-kfgw=stolen; Path=/; Secure',
        'Set-Cookie: =kfgw=stolen',
        'Set-Cookie: kfgw-login-1=stolen',
        'Clear-Site-Data: "*"',
        'NEL: {"report_to":"evil","max_age":2592000}',
        'Service-Worker-Allowed: /',
        'Content-Length: 2',
        '',
        'ok',
      ].join('\r\n'),
    );
    expect(answer.replace(/Date: [^\r]*\r\n/, '')).toBe(
      [
        'HTTP/1.1 200 OK',
        'Set-Cookie: app=1; Path=/notebook/ns/n/',
        'Service-Worker-Allowed: /notebook/ns/n/',
        'Content-Length: 2',
        'Connection: close',
        '',
        'ok',
      ].join('\r\n'),
    );
  });

  it.each([
    ['HEAD with a length', 'HEAD /', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', '5'],
    ['304 with a length', 'GET /', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '5'],
    ['204', 'GET /', 'HTTP/1.1 204 No Content\r\n\r\n', undefined],
    [
      '204 with a length',
      'GET /',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
      undefined,
    ],
    [
      'HEAD in chunks',
      'HEAD /',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      undefined,
    ],
  ])('has no body where there can be none: %s', async (_what, line, bytes, length) => {
    const answer = await answerTo(bytes, line);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|204|304) [^]*\r\n\r\n$/);
    expect(/content-length: (\d+)/i.exec(answer)?.[1]).toBe(length);
  });

  it('is framed anew: chunks without extensions and trailers', async () => {
    const answer = await answerTo(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nabcde\r\n0\r\nSet-Cookie: kfgw=x\r\n\r\n',
    );
    expect(answer.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe('5\r\nabcde\r\n0\r\n\r\n');
  });

  it('is complete when the application ends its connection to say so', async () => {
    expect(await answerTo('HTTP/1.1 200 OK\r\n\r\nall of it')).toContain(
      '9\r\nall of it\r\n0\r\n\r\n',
    );
  });

  it('skips interim answers', async () => {
    const answer = await answerTo(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n(?![^]*Early)/);
  });
});

describe('a listener with TLS', () => {
  function fetchOver(port: number, ca: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { Cookie: '__Host-kfgw=x' };
      const request = https.get({ port, ca, host: '127.0.0.1', agent: false, headers }, (res) => {
        res.resume();
        resolve(res.socket instanceof Object && 'alpnProtocol' in res.socket ? 'secure' : 'plain');
      });
      request.once('error', reject);
    });
  }

  it('takes a new certificate without a restart', async () => {
    const [first, second] = [
      await certificateFor('first.example'),
      await certificateFor('second.example'),
    ];
    const bed = await startListener([], { tls: first });
    cleanups.add(() => bed.close());
    expect(await fetchOver(bed.port, first.cert)).toBe('secure');
    bed.listener.useCertificate(second);
    expect(await fetchOver(bed.port, second.cert)).toBe('secure');
    await expect(fetchOver(bed.port, first.cert)).rejects.toThrow(/certificate/);
    expect(() => {
      bed.listener.useCertificate({ cert: 'nonsense', key: 'nonsense' });
    }).toThrow();
    expect(await fetchOver(bed.port, second.cert)).toBe('secure');
  });

  it('tells applications that the client came by https', async () => {
    const certificate = await certificateFor('gateway.example');
    const upstream = await startNodeUpstream(echo);
    cleanups.add(() => upstream.close());
    const bed = await startListener([upstreamOf(upstream.port)], { tls: certificate });
    cleanups.add(() => bed.close());
    const body = await new Promise<string>((resolve, reject) => {
      const headers = { Cookie: SESSION_COOKIE };
      https
        .get(
          { port: bed.port, ca: certificate.cert, host: '127.0.0.1', headers, agent: false },
          (res) => {
            let text = '';
            res.on('data', (chunk: Buffer) => (text += chunk.toString()));
            res.once('end', () => resolve(text));
          },
        )
        .once('error', reject);
    });
    expect(body).toContain('"x-forwarded-proto","https"');
  });
});
