import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientErrorReason } from './client-error.ts';

const server = createServer({ requestTimeout: 50, connectionsCheckingInterval: 20 });
let port = 0;

beforeAll(async () => {
  server.on('clientError', (error, socket) => socket.end(clientErrorReason(error)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The reason that a real node:http server's parser error is given. */
function reasonFor(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const host = 'Host: a\r\n';

describe('clientErrorReason for what node:http refuses', () => {
  it.each([
    ['GET /a\u0001b HTTP/1.1\r\nHost: a\r\n\r\n', 'target_control'],
    ['GET /a\u0000b HTTP/1.1\r\nHost: a\r\n\r\n', 'target_control'],
    ['GET /\u00c3\u00a9 HTTP/1.1\r\nHost: a\r\n\r\n', 'target_control'],
    ['GET foo HTTP/1.1\r\nHost: a\r\n\r\n', 'target_form'],
    ['GET \\a HTTP/1.1\r\nHost: a\r\n\r\n', 'target_form'],
    ['GET host:443 HTTP/1.1\r\nHost: a\r\n\r\n', 'target_form'],
    ['GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 'malformed_request'],
    [`GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(20_000)}\r\n\r\n`, 'headers_too_large'],
    [`GET / HTTP/1.1\r\n${host}kubeflow-userid : a\r\n\r\n`, 'malformed_request'],
    [`GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`, 'malformed_request'],
    [
      `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
      'malformed_request',
    ],
    ['\u0016\u0003\u0001\u0002\u0000', 'malformed_request'],
    ['GET / HTTP/1.1\r\nHost:', 'request_timeout'],
  ])('%j is %s', async (bytes, reason) => {
    expect(await reasonFor(bytes)).toBe(reason);
  });

  it.each([undefined, null, 'text', {}, { code: 1 }, { code: 'ECONNRESET' }, new Error('x')])(
    'has an answer for any error: %j',
    (error) => {
      expect(clientErrorReason(error)).toBe('malformed_request');
    },
  );

  it('needs no packet to judge a target', () => {
    expect(clientErrorReason({ code: 'HPE_INVALID_URL' })).toBe('target_form');
  });
});
