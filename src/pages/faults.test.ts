import { createServer, type Server } from 'node:http';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { hygieneWith } from '../../test/fixtures/hygiene.ts';
import { ScriptedLoginFlow } from '../../test/fixtures/scripted-login-flow.ts';
import { StoreUnavailable } from '../identity/session/record-store.ts';
import { silentLogger, type LogFields } from '../kernel/logger.ts';
import { systemRandom } from '../kernel/random.ts';
import { readRequestHead } from '../request/read-request-head.ts';
import { answerFault } from './faults.ts';
import { rememberHead } from './request-heads.ts';

const hygiene = hygieneWith();
let server: Server;

afterEach(() => {
  server.close();
});

/** Asks a route that fails; what was logged as an error is returned with the answer. */
function ask(route: RequestHandler) {
  const errors: LogFields[] = [];
  const logger = {
    ...silentLogger,
    error: (_: string, fields: LogFields = {}) => void errors.push(fields),
  };
  const app = express();
  app.get('/', route);
  app.use(answerFault({ login: new ScriptedLoginFlow(), logger }));
  server = createServer((req, res) => {
    const { method = '', url = '', rawHeaders } = req;
    const raw = { method, url, rawHeaders, peerAddress: '127.0.0.1', isEncrypted: false };
    const read = readRequestHead(raw, hygiene, systemRandom);
    if (read.kind === 'head') rememberHead(req, read.head);
    app(req, res);
  });
  const answer = request(server).get('/').set({ Accept: 'text/html', 'X-Request-Id': 'r-1' });
  return { answer, errors };
}

describe('a page that fails', () => {
  it('answers 500 with the request id and without the message, which is logged', async () => {
    const { answer, errors } = ask(() => {
      throw new Error('a secret detail');
    });
    const { status, text } = await answer;
    expect(status).toBe(500);
    expect(text).toContain('<code>internal_error</code>');
    expect(text).not.toContain('secret detail');
    expect(errors).toEqual([{ error: 'Error: a secret detail', requestId: 'r-1' }]);
  });

  it('answers 503 when the store is away, which is no bug', async () => {
    const { answer, errors } = ask(() => Promise.reject(new StoreUnavailable('away')));
    const { status, headers, text } = await answer;
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(text).toContain('<code>session_store_unavailable</code>');
    expect(errors).toEqual([]);
  });

  it('breaks off an answer that had begun', async () => {
    const { answer, errors } = ask((_req, res) => {
      res.write('half a page');
      throw new Error('a bug');
    });
    await expect(answer).rejects.toThrow(/aborted|hang up/);
    expect(errors).toHaveLength(1);
  });
});
