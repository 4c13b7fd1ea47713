import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { Cleanups } from '../../test/fixtures/cleanups.ts';
import {
  SESSION,
  SESSION_COOKIE,
  startListener,
  upstreamOf,
  type ListenerBed,
} from '../../test/fixtures/listener-bed.ts';
import { echo, startNodeUpstream } from '../../test/fixtures/node-upstream.ts';
import { routeThat, rulesThat } from '../../test/fixtures/questions.ts';
import { ask } from '../../test/fixtures/raw-answer.ts';
import { exchangeRaw, RawConnection } from '../../test/fixtures/raw-connection.ts';
import { shippedRows } from '../../test/fixtures/shipped-catalogue.ts';
import { startRawUpstream } from '../../test/fixtures/tcp-server.ts';
import { pollUntil } from '../../test/neighbours/poll-until.ts';
import type { TokenScope } from '../identity/bearer/token-scope.ts';
import { silentLogger } from '../kernel/logger.ts';
import { compileCatalogue } from '../access/catalogue/compile-catalogue.ts';
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import { silentMetrics } from '../kernel/metrics.ts';
import { createUpstreamTable } from '../access/upstream-table.ts';
import type { PublicListenerDeps } from './public-listener.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

async function start(
  overrides: Partial<PublicListenerDeps> = {},
  options: { readonly neverRedirect?: boolean; readonly headersTimeoutMs?: number } = {},
): Promise<ListenerBed> {
  const upstream = await startNodeUpstream(echo);
  cleanups.add(() => upstream.close());
  const { neverRedirect = false, ...listener } = options;
  const bed = await startListener(
    [upstreamOf(upstream.port, { neverRedirect })],
    listener,
    overrides,
  );
  cleanups.add(() => bed.close());
  return bed;
}

const SIGNED_IN = `Cookie: ${SESSION_COOKIE}`;

describe('a caller without a session', () => {
  it('is redirected to the sign-in when a person navigates, with the way back', async () => {
    const answer = await ask(await start(), 'GET /pipeline/?a=b&c=%2F', [
      'Sec-Fetch-Mode: navigate',
      'Sec-Fetch-Dest: document',
    ]);
    expect(answer.status).toBe(302);
    expect(answer.header('location')).toBe('/oauth2/start?rd=%2Fpipeline%2F%3Fa%3Db%26c%3D%252F');
    expect(answer.header('cache-control')).toBe('no-store');
    expect(answer.header('vary')).toContain('Cookie');
  });

  it('gets a small page inside a frame', async () => {
    const answer = await ask(await start(), 'GET /jupyter/', [
      'Sec-Fetch-Mode: navigate',
      'Sec-Fetch-Dest: iframe',
    ]);
    expect(answer.status).toBe(401);
    expect(answer.body).toContain('frame sign_in_required');
  });

  it('gets a problem document as a program, and is told the scheme', async () => {
    const bed = await start();
    const answer = await ask(bed, 'GET /pipeline/apis/v2beta1/runs', ['Accept: text/html']);
    expect(answer.status).toBe(401);
    expect(answer.header('content-type')).toBe('application/problem+json');
    expect(answer.header('www-authenticate')).toBe('Bearer');
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'sign_in_required',
      request_id: answer.header('x-request-id'),
    });
  });

  it('is never redirected where programs live', async () => {
    const answer = await ask(await start({}, { neverRedirect: true }), 'GET /', [
      'Accept: text/html',
    ]);
    expect(answer.status).toBe(401);
  });

  it('is never redirected at the Host of an inference service', async () => {
    const upstream = await startNodeUpstream(echo);
    cleanups.add(() => upstream.close());
    const upstreams = createUpstreamTable([upstreamOf(upstream.port)]);
    const inferenceHosts = ['*.models.example.com'];
    const options = { openVerb: 'get', unmatched: 'authenticated', inferenceHosts } as const;
    const bed = await start({ upstreams, routes: compileCatalogue([shippedRows], options) });
    const status = async (host: string) =>
      (await ask(bed, 'GET /', [`Host: ${host}`, 'Accept: text/html'])).status;
    expect(await status('iris.models.example.com')).toBe(401);
    expect(await status('kubeflow.example.com')).toBe(302);
  });

  it('is not redirected with a bearer token, even beside a live session', async () => {
    const headers = ['Authorization: Bearer x', 'Accept: text/html', SIGNED_IN];
    const answer = await ask(await start(), 'GET /', headers);
    expect(answer.status).toBe(401);
    expect(answer.header('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(answer.header('location')).toBeUndefined();
  });
});

describe('a caller with a token', () => {
  const bearer = 'Authorization: Bearer good';

  async function withToken(userId: string) {
    const bed = await start();
    bed.tokens.accept('good', userId);
    return bed;
  }

  it('is named to the application as with a session, and the token stays here', async () => {
    const bed = await withToken('ci@example.com');
    const answer = await ask(bed, 'GET /', [bearer, 'kubeflow-userid: admin@example.com']);
    expect(answer.status).toBe(200);
    const seen = answer.body.toLowerCase();
    expect(seen).toContain('ci@example.com');
    expect(seen).not.toContain('admin@example.com');
    expect(seen).not.toContain('good');
    expect(seen).not.toContain('authorization');
    expect(bed.audits).toMatchObject([
      { outcome: 'permit', userId: 'ci@example.com', credential: 'token handle-of-good' },
    ]);
    expect(bed.tokens.clients).toEqual(['127.0.0.1']);
  });

  it("may send its own session's cookie along, and nobody else's", async () => {
    const own = await withToken('user@example.com');
    expect((await ask(own, 'GET /', [bearer, SIGNED_IN])).status).toBe(200);
    const others = await withToken('ci@example.com');
    const answer = await ask(others, 'GET /', [bearer, SIGNED_IN]);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('conflicting_credentials');
  });

  it('is told which scope the request needs', async () => {
    const bed = await start();
    const scope: TokenScope = {
      effect: 'read',
      classes: undefined,
      namespaces: new Set(['team-a']),
      allMyPipelines: false,
    };
    bed.tokens.accept('good', 'user@example.com', scope);
    const unseen = await ask(bed, 'GET /', [bearer, 'Accept: text/html']);
    expect(unseen.status).toBe(403);
    expect(unseen.header('www-authenticate')).toBe('Bearer error="insufficient_scope"');
    expect(unseen.body).toContain('token_namespace_unseen');
    bed.tokens.accept('good', 'user@example.com', { ...scope, classes: new Set(['katib']) });
    const other = await ask(bed, 'GET /', [bearer]);
    expect(other.header('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="class:dashboard"',
    );
  });

  it('is told to come back when nobody can judge the token', async () => {
    const bed = await start();
    bed.tokens.set('good', {
      kind: 'unavailable',
      reason: 'issuer_unavailable',
      retryAfterSec: 3,
    });
    const answer = await ask(bed, 'GET /', [bearer, SIGNED_IN]);
    expect(answer.status).toBe(503);
    expect(answer.header('retry-after')).toBe('3');
  });

  it('is nobody where the scheme is not Bearer, or the token is not in the header', async () => {
    const bed = await withToken('ci@example.com');
    for (const headers of [
      ['Authorization: Basic good'],
      ['Authorization: token good'],
      ['Cookie: Authorization=Bearer good'],
    ]) {
      const answer = await ask(bed, 'GET /?access_token=good', [
        ...headers,
        'Accept: application/json',
      ]);
      expect(answer.status).toBe(401);
    }
    expect(bed.tokens.clients).toEqual([]);
  });
});

describe('a caller with a session', () => {
  it('is told to come back when the session cannot be read', async () => {
    const bed = await start();
    bed.sessions.set(SESSION, {
      kind: 'unavailable',
      reason: 'session_store_unavailable',
      retryAfterSec: 7,
    });
    const [program, person] = [
      await ask(bed, 'GET /', [SIGNED_IN, 'Accept: application/json']),
      await ask(bed, 'GET /', [SIGNED_IN, 'Accept: text/html']),
    ];
    expect([program.status, person.status]).toEqual([503, 503]);
    expect([program.header('retry-after'), person.header('retry-after')]).toEqual(['7', '7']);
    expect(person.body).toContain('error session_store_unavailable');
    expect(program.header('set-cookie')).toBeUndefined();
  });

  it.each([
    ['a foreign origin', ['Origin: http://evil.example']],
    ['an opaque origin', ['Origin: null']],
    ['a sibling, without an origin', ['Sec-Fetch-Site: same-site']],
  ])('may not write from %s', async (_where, headers) => {
    const answer = await ask(await start(), 'POST /', [SIGNED_IN, ...headers, 'Content-Length: 0']);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('cross_site');
  });

  it('may write from our own origin, and as a program without one', async () => {
    const bed = await start();
    for (const headers of [['Origin: http://gateway'], []]) {
      expect((await ask(bed, 'POST /', [SIGNED_IN, ...headers, 'Content-Length: 0'])).status).toBe(
        200,
      );
    }
  });

  it('is answered only once the session is fetched, and not at all when gone by then', async () => {
    const bed = await start();
    let fetched = (): void => undefined;
    bed.sessions.store = new Promise((resolve) => {
      fetched = resolve;
    });
    const waiting = ask(bed, 'GET /', [SIGNED_IN]);
    const gone = new RawConnection(bed.port);
    gone.send(`GET / HTTP/1.1\r\nHost: gateway\r\n${SIGNED_IN}\r\n\r\n`);
    await pollUntil('both are asked for', () => bed.sessions.questions === 2);
    gone.destroy();
    await pollUntil('the client is gone', () => bed.audits.length === 1);
    fetched();
    expect((await waiting).status).toBe(200);
    expect(bed.audits.map(({ status }) => status)).toEqual([0, 200]);
  });
});

describe("the gateway's own paths", () => {
  it('are its pages, session or not; another spelling is an application’s', async () => {
    const bed = await start();
    expect((await ask(bed, 'GET /oauth2/start?rd=%2F')).body).toBe('page /oauth2/start?rd=%2F');
    expect((await ask(bed, 'GET /oauth2x/start', ['Accept: */*'])).status).toBe(401);
    expect(bed.audits.map(({ door, outcome }) => [door, outcome])).toEqual([
      ['pages', 'page'],
      ['inline', 'challenge'],
    ]);
  });

  it('take a body that waits for 100 Continue', async () => {
    const bed = await start();
    const headers = ['Expect: 100-continue', 'Content-Length: 3'];
    const answer = await ask(bed, 'POST /oauth2/sign_out', headers, 'abc');
    expect(answer.status).toBe(100);
    expect(answer.body).toContain('page /oauth2/sign_out');
  });

  it('are all there is when there are no applications', async () => {
    const bed = await startListener([]);
    cleanups.add(() => bed.close());
    expect((await ask(bed, 'GET /oauth2/start')).status).toBe(200);
    const answer = await ask(bed, 'GET /anything', ['Accept: text/html', SIGNED_IN]);
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('error not_found');
  });
});

describe('what is refused before anybody is asked', () => {
  it.each([
    ['a dot segment', 'GET /a/../b', [], 400, 'target_dot_segment'],
    ['an alias of an identity header', 'GET /', ['kubeflow_userid: x'], 400, 'header_alias'],
    ['two hosts', 'GET /', ['Host: gateway', 'Host: other'], 400, 'host_ambiguous'],
    ['a URL without end', `GET /${'a'.repeat(40_000)}`, [], 414, 'url_too_long'],
    ['headers without end', 'GET /', [`X: ${'a'.repeat(99_000)}`], 431, 'headers_too_large'],
    ['more than node:http reads', 'GET /', [`X: ${'a'.repeat(200_000)}`], 431, 'headers_too_large'],
    [
      'too many headers',
      'GET /',
      Array.from({ length: 3_000 }, (_, at) => `X-${at}: 1`),
      431,
      'headers_too_large',
    ],
    ['a method of its own', 'PURGE /', [], 501, 'method_not_supported'],
    ['an odd expectation', 'GET /', ['Expect: 200-ok'], 417, 'expectation_failed'],
    ['what is not HTTP', 'GET / x y', [], 400, 'malformed_request'],
  ])('%s has its reason', async (_what, requestLine, headers, status, code) => {
    const bed = await start();
    const answer = await ask(bed, requestLine, [SIGNED_IN, ...headers]);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code });
    expect(answer.header('connection')).toBe('close');
    expect(answer.header('cache-control')).toBe('no-store');
    expect(bed.audits).toMatchObject([
      { door: 'listener', outcome: 'refuse', reason: code, status },
    ]);
    expect(bed.sessions.questions).toBe(0);
  });

  it('is counted, and so is what was removed and decided', async () => {
    const counted: string[] = [];
    const bed = await start({
      metrics: {
        ...silentMetrics,
        increment: (name, labels) => counted.push(`${name} ${Object.values(labels).join(' ')}`),
      },
    });
    await ask(bed, 'GET /a/../b');
    await ask(bed, 'GET / x');
    await ask(bed, 'GET /', [SIGNED_IN, 'kubeflow-userid: x']);
    expect(counted).toEqual([
      'kfgw_requests_refused_total target_dot_segment',
      'kfgw_decisions_total listener refuse target_dot_segment',
      'kfgw_requests_refused_total malformed_request',
      'kfgw_managed_headers_removed_total kubeflow-userid',
      'kfgw_unmatched_requests_total ',
      'kfgw_decisions_total inline permit none',
    ]);
  });

  it('is headers that never end: 408', async () => {
    const bed = await start({}, { headersTimeoutMs: 500 });
    const connection = new RawConnection(bed.port);
    connection.send('GET / HTTP/1.1\r\nHost: gateway\r\n');
    expect(await connection.ended(9_000)).toMatch(/^HTTP\/1\.1 408 [^]*request_timeout/);
  }, 12_000);
});

describe('a connection', () => {
  it('serves one request after another', async () => {
    const bed = await start();
    const connection = new RawConnection(bed.port);
    for (let count = 1; count <= 3; count++) {
      connection.send(`GET /${count} HTTP/1.1\r\nHost: gateway\r\n${SIGNED_IN}\r\n\r\n`);
      await connection.until(`"url":"/${count}"`);
    }
    connection.send('GET /refused/../x HTTP/1.1\r\nHost: gateway\r\n\r\n');
    await connection.until('target_dot_segment');
    connection.send(`GET /4 HTTP/1.1\r\nHost: gateway\r\n${SIGNED_IN}\r\n\r\n`);
    await connection.until('"url":"/4"');
    connection.destroy();
  });

  it('is never answered twice: bytes that are wrong during an answer end it', async () => {
    const application = await startRawUpstream((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart'));
    });
    cleanups.add(() => application.close());
    const bed = await startListener([upstreamOf(application.port)]);
    cleanups.add(() => bed.close());
    const connection = new RawConnection(bed.port);
    connection.send(`GET / HTTP/1.1\r\nHost: gateway\r\n${SIGNED_IN}\r\n\r\n`);
    await connection.until('part');
    connection.send('NONSENSE\r\n\r\n');
    expect((await connection.ended()).split('HTTP/1.1')).toHaveLength(2);
  });
});

describe('a fault of the gateway', () => {
  const bug = (): never => {
    throw new Error('secret detail');
  };

  it.each([
    ['at once', { authenticate: bug, recheck: bug }],
    ['later', { authenticate: () => Promise.resolve().then(bug), recheck: bug }],
  ])('is answered without its message, and told to the log: %s', async (_when, authenticator) => {
    const logged: unknown[] = [];
    const bed = await start({
      authenticator,
      logger: { ...silentLogger, error: (message, fields) => logged.push([message, fields]) },
    });
    const answer = await ask(bed, 'GET /', [SIGNED_IN]);
    expect(answer.status).toBe(500);
    expect(answer.body).toContain('internal_error');
    expect(answer.body).not.toContain('secret');
    expect(JSON.stringify(logged)).toContain('secret detail');
    expect(bed.audits).toMatchObject([{ outcome: 'failed', reason: 'internal_error' }]);
  });
});

describe('the audit record', () => {
  it('says who asked for what and how it ended, without the query', async () => {
    const bed = await start();
    await ask(bed, 'GET /pipeline/?token=secret', [SIGNED_IN, 'X-Request-Id: mine']);
    expect(bed.audits).toEqual([
      {
        door: 'inline',
        outcome: 'permit',
        reason: undefined,
        requestId: 'mine',
        method: 'GET',
        path: '/pipeline/',
        clientAddress: '127.0.0.1',
        status: 200,
        userId: 'user@example.com',
        credential: 'session handle-of-user@example.com',
        durationMs: expect.any(Number) as number,
        upstreamId: '/',
        routeId: 'unmatched',
        namespace: undefined,
        question: undefined,
        binding: undefined,
        indexAgeMs: undefined,
        shadowedReason: undefined,
      },
    ]);
  });

  const questions = [
    {
      action: { verb: 'get', group: 'kubeflow.org', resource: 'notebooks', subresource: '' },
      namespace: 'team-a',
      name: 'lab',
    },
  ] as const;
  const question = 'get notebooks.kubeflow.org/lab in namespace team-a';
  const notebook = routeThat({ kind: 'questions', questions }, { namespace: 'team-a' });
  const routes: RouteMatcher = { match: () => ({ kind: 'route', route: notebook }) };
  const denied = { kind: 'denied', question: questions[0] } as const;

  it('names the row, the namespace, the binding that allowed it and how old the index was', async () => {
    const binding = {
      namespace: 'team-a',
      name: 'namespaceAdmin',
      uid: '',
      roleRef: { kind: 'ClusterRole', name: 'kubeflow-admin' },
      subjects: [],
    };
    const rules = rulesThat({ kind: 'allowed', grant: { binding } });
    const bed = await start({ routes, rules, indexAgeMs: () => 250 });
    await ask(bed, 'GET /', [SIGNED_IN]);
    expect(bed.audits[0]).toMatchObject({
      outcome: 'permit',
      routeId: 'app',
      namespace: 'team-a',
      binding: 'RoleBinding team-a/namespaceAdmin',
      indexAgeMs: 250,
    });
  });

  it('names the question that was answered no', async () => {
    const bed = await start({ routes, rules: rulesThat(denied) });
    expect((await ask(bed, 'GET /', [SIGNED_IN])).status).toBe(403);
    expect(bed.audits[0]).toMatchObject({
      outcome: 'refuse',
      reason: 'namespace_forbidden',
      userId: 'user@example.com',
      question,
    });
  });

  it('names what shadow mode would have refused', async () => {
    const bed = await start({ routes, rules: rulesThat(denied, { mode: 'shadow' }) });
    expect((await ask(bed, 'GET /', [SIGNED_IN])).status).toBe(200);
    expect(bed.audits[0]).toMatchObject({
      outcome: 'permit',
      shadowedReason: 'namespace_forbidden',
      question,
    });
  });

  it('does not hold the query or the length of what was refused', async () => {
    const bed = await start();
    await ask(bed, `GET /${'a'.repeat(5_000)}/../?token=secret`);
    expect(bed.audits[0]?.path).toHaveLength(1_024);
  });
});

describe('draining', () => {
  it('finishes what is under way, tells clients, and accepts nothing new', async () => {
    const answers: (() => void)[] = [];
    const upstream = await startNodeUpstream((_req, res) => {
      answers.push(() => res.end('finished'));
    });
    cleanups.add(() => upstream.close());
    const bed = await startListener([upstreamOf(upstream.port)]);
    const [busy, idle] = [new RawConnection(bed.port), new RawConnection(bed.port)];
    await once(idle.socket, 'connect');
    busy.send(`GET / HTTP/1.1\r\nHost: gateway\r\n${SIGNED_IN}\r\n\r\n`);
    await pollUntil('the request is under way', () => answers.length === 1);

    const closed = bed.listener.close(10_000);
    await idle.ended();
    await expect(exchangeRaw(bed.port, 'GET / HTTP/1.1\r\n\r\n')).resolves.toBe('');
    answers[0]?.();
    expect(await busy.ended()).toMatch(/Connection: close\r\n[^]*finished/);
    await closed;
  });

  it('ends what does not finish in time', async () => {
    const upstream = await startNodeUpstream(() => undefined);
    cleanups.add(() => upstream.close());
    const bed = await startListener([upstreamOf(upstream.port)]);
    const stuck = new RawConnection(bed.port);
    stuck.send(`GET / HTTP/1.1\r\nHost: gateway\r\n${SIGNED_IN}\r\n\r\n`);
    await pollUntil('the request is under way', () => bed.sessions.questions === 1);
    const startedAt = performance.now();
    await bed.listener.close(300);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await stuck.ended();
  });

  it('takes no WebSocket any more', async () => {
    const bed = await start();
    const connection = new RawConnection(bed.port);
    connection.send('GET / HTTP/1.1\r\nHost: gateway\r\nOrigin: http://gateway\r\n');
    await once(connection.socket, 'connect');
    await ask(bed, 'GET /'); // The listener has seen the connection that came before.
    const closed = bed.listener.close(10_000);
    connection.send(`Connection: Upgrade\r\nUpgrade: websocket\r\n${SIGNED_IN}\r\n\r\n`);
    expect(await connection.ended()).toMatch(/^HTTP\/1\.1 503 [^]*shutting_down/);
    await closed;
  });

  it('says so in pages and refusals, too', async () => {
    const bed = await start();
    const connections = ['/oauth2/start', '/refused'].map((path) => {
      const connection = new RawConnection(bed.port);
      connection.send(`GET ${path} HTTP/1.1\r\nHost: gateway\r\nAccept: */*\r\n`);
      return connection;
    });
    await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));
    await ask(bed, 'GET /'); // The listener has seen the two that came before.
    const closed = bed.listener.close(10_000);
    for (const connection of connections) {
      connection.send('\r\n');
      expect(await connection.ended()).toContain('Connection: close');
    }
    await closed;
  });
});

it('does not start where it cannot listen', async () => {
  const bed = await start();
  await expect(startListener([], { port: bed.port })).rejects.toThrow('EADDRINUSE');
});
