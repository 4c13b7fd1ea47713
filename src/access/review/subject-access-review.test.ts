import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { Secret } from '../../kernel/secret.ts';
import { HttpApiClient } from '../kubernetes/api-client.ts';
import { ApiCredentials } from '../kubernetes/api-credentials.ts';
import { NodeApiTransport } from '../kubernetes/api-transport.ts';
import { reviewQuestion, subjectAccessReview, type Review } from './subject-access-review.ts';

const question = reviewQuestion(
  {
    principal: { userId: 'user@example.com', groups: ['team'] },
    implicitGroups: ['system:authenticated'],
  },
  {
    action: { verb: 'get', group: '', resource: 'pods', subresource: 'log' },
    namespace: 'team-a',
    name: 'worker',
  },
);

let server: Server;
let transport: NodeApiTransport;
let review: Review;
let answer: { status: number; body: string };
const received: unknown[] = [];

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

beforeEach(async () => {
  received.length = 0;
  server = createServer((req, res) => {
    void bodyOf(req).then((body) => {
      const { method, url, headers } = req;
      const { authorization } = headers;
      const type = headers['content-type'];
      received.push({ method, url, authorization, type, body: JSON.parse(body) as unknown });
      res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const credentials = new ApiCredentials({
    server: new URL(`http://127.0.0.1:${port}`),
    token: new Secret('token-of-the-gateway'),
  });
  transport = new NodeApiTransport(credentials, systemClock);
  review = subjectAccessReview(new HttpApiClient(transport, systemClock));
});
afterEach(async () => {
  transport.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function status(fields: Readonly<Record<string, unknown>>): { status: number; body: string } {
  return { status: 201, body: JSON.stringify({ kind: 'SubjectAccessReview', status: fields }) };
}

describe('a SubjectAccessReview', () => {
  it('asks the same question of the same person, and of the groups the index counted', async () => {
    answer = status({ allowed: true });
    await review(question);
    expect(received).toEqual([
      {
        method: 'POST',
        url: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        authorization: 'Bearer token-of-the-gateway',
        type: 'application/json',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: 'user@example.com',
            groups: ['team', 'system:authenticated'],
            resourceAttributes: {
              namespace: 'team-a',
              verb: 'get',
              group: '',
              resource: 'pods',
              subresource: 'log',
              name: 'worker',
            },
          },
        },
      },
    ]);
  });

  it.each([
    [{ allowed: true, reason: 'RBAC: allowed by …' }, 'allowed'],
    [{ allowed: true, denied: false }, 'allowed'],
    [{ allowed: true, denied: true }, 'denied'],
    [{ allowed: false }, 'denied'],
    [{ allowed: false, denied: true, reason: 'no' }, 'denied'],
    [{ allowed: false, reason: 'RBAC: role "x" not found' }, 'denied'],
    [{ allowed: false, conditionalDecision: { conditions: [] } }, 'conditional'],
    [{ allowed: false, evaluationError: 'webhook: connection refused' }, 'unavailable'],
    [{ allowed: 'true' }, 'unavailable'],
    [{}, 'unavailable'],
  ])('of %j means %s', async (fields, kind) => {
    answer = status(fields);
    expect((await review(question)).kind).toBe(kind);
  });

  it.each([
    ['a refusal', { status: 403, body: '{"kind":"Status"}' }],
    ['what is not JSON', { status: 201, body: '<html>' }],
    ['no object', { status: 201, body: 'null' }],
    ['no status', { status: 201, body: '{"kind":"SubjectAccessReview"}' }],
  ])('answered with %s says nothing', async (_what, given) => {
    answer = given;
    const { kind } = await review(question);
    expect(kind).toBe('unavailable');
  });

  it('that cannot be asked says so without the token', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const result = await review(question);
    expect(result.kind).toBe('unavailable');
    expect(JSON.stringify(result)).not.toContain('token-of-the-gateway');
  });
});
