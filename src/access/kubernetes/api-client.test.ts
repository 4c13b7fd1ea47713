import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendJson, sendStatus } from '../../../test/fixtures/api-answers.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { ScriptedApiServer } from '../../../test/fixtures/scripted-api-server.ts';
import { pollUntil } from '../../../test/neighbours/poll-until.ts';
import { HttpApiClient } from './api-client.ts';
import { ApiCredentials } from './api-credentials.ts';
import { NodeApiTransport } from './api-transport.ts';

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const clock = new FakeClock();
let server: ScriptedApiServer;
let client: HttpApiClient;
beforeEach(async () => {
  server = await ScriptedApiServer.start();
  client = clientOf(new URL('/base/', server.url));
});
afterEach(async () => {
  client.close();
  await server.stop();
});

function clientOf(address: URL): HttpApiClient {
  return new HttpApiClient(
    new NodeApiTransport(new ApiCredentials({ server: address }), clock),
    clock,
  );
}

const post = () => client.postJson(PATH, { spec: { user: 'Jürg' } }, 5_000);

describe('an API client', () => {
  it('sends JSON below the path of the server, and hands back what is answered', async () => {
    server.answerNext((_, response) => {
      sendJson(response, 201, { status: { allowed: true } });
      return true;
    });
    expect(await post()).toEqual({ kind: 'ok', body: { status: { allowed: true } } });
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: `/base${PATH}` });
    expect(server.requests[0]?.body).toBe('{"spec":{"user":"Jürg"}}');
    expect(server.requests[0]?.headers['content-type']).toBe('application/json');
  });

  it.each([
    [403, 'refused'],
    [404, 'refused'],
    [422, 'refused'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [504, 'unavailable'],
  ])('calls status %d %s', async (status, kind) => {
    server.answerNext((_, response) => {
      sendStatus(response, status, 'Any', { message: 'why' });
      return true;
    });
    expect(await post()).toMatchObject({ kind, status, problem: expect.any(String) as string });
  });

  // A name may have several addresses, each with an error of its own.
  it.each(['127.0.0.1', 'localhost'])('has no answer where nobody listens at %s', async (host) => {
    const address = new URL(server.url);
    address.hostname = host;
    await server.stop();
    const lonely = clientOf(address);
    const outcome = await lonely.postJson(PATH, {}, 5_000);
    lonely.close();
    expect(outcome).toMatchObject({ kind: 'unavailable', status: undefined });
    expect(outcome.kind === 'unavailable' && outcome.problem).toContain('ECONNREFUSED');
  });

  it.each(['headers', 'body'])('waits for %s no longer than it may', async (what) => {
    server.answerNext((_, response) => {
      if (what === 'body') response.writeHead(201).write('{"a":');
      return true;
    });
    const asked = post();
    await pollUntil('asked', () => server.requests.length === 1);
    if (what === 'body') await new Promise((resolve) => setTimeout(resolve, 50));
    await clock.advance(5_000);
    expect(await asked).toMatchObject({ kind: 'unavailable', status: undefined });
  });

  it.each(['not JSON', `"${'x'.repeat(4 * 1_048_576)}"`])(
    'takes no other answer for one',
    async (text) => {
      server.answerNext((_, response) => {
        response.writeHead(201).end(text);
        return true;
      });
      expect(await post()).toMatchObject({ kind: 'unavailable' });
    },
  );
});
