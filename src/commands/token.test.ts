import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuthorizationServer } from '../../test/fixtures/authorization-server.ts';
import { answerJson } from '../../test/fixtures/json-answer.ts';
import { PersonAtTerminal } from '../../test/fixtures/person-at-terminal.ts';
import { systemClock } from '../kernel/clock.ts';
import { login } from './login.ts';
import { token } from './token.ts';

let server: AuthorizationServer;
let person: PersonAtTerminal;
let now = 0;
beforeEach(async () => {
  server = await AuthorizationServer.start();
  server.device = 'allowed';
  person = new PersonAtTerminal();
  now = systemClock.nowMs();
  person.clock = { ...systemClock, nowMs: () => now };
});
afterEach(async () => {
  person[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

async function signIn(at = server): Promise<void> {
  expect(await person.run(login, '--url', at.origin, '--device')).toMatchObject({ status: 0 });
}

function countOf(path: string): number {
  return server.exchanges.filter((exchange) => exchange.path === path).length;
}

const printed = (text: string) => ({ status: 0, printed: `${text}\n`, complained: '' });

describe('token', () => {
  test('prints what is kept, without asking, as long as it lives for more than a minute', async () => {
    await signIn();
    const asked = server.exchanges.length;
    now += 539_000;
    expect(await person.run(token)).toEqual(printed('access-1'));
    expect(server.exchanges).toHaveLength(asked);
  });

  test('gets a new one in the last minute, and keeps it', async () => {
    await signIn();
    now += 540_000;
    expect(await person.run(token)).toEqual(printed('access-2'));
    expect(server.exchanges.at(-1)?.form).toEqual({
      client_id: 'kfgw-cli',
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
    });
    expect(await person.run(token)).toEqual(printed('access-2'));
    now += 540_000;
    expect(await person.run(token)).toEqual(printed('access-3'));
    expect(server.exchanges.at(-1)?.form).toMatchObject({ refresh_token: 'refresh-2' });
  });

  test('keeps the refresh token where no other is given', async () => {
    await signIn();
    now += 600_000;
    server.tap = ({ path }, res) =>
      path === '/token' &&
      answerJson(res, 200, { access_token: 'new', token_type: 'bearer', expires_in: 600 });
    expect(await person.run(token)).toEqual(printed('new'));
    expect(readFileSync(person.credentials, 'utf8')).toContain('"refresh-1"');
  });

  test('uses each refresh token once, however many scripts ask at the same time', async () => {
    await signIn();
    now += 600_000;
    const asked = countOf('/token');
    const answers = await Promise.all(Array.from({ length: 8 }, () => person.run(token)));
    for (const answer of answers) expect(answer).toEqual(printed('access-2'));
    expect(countOf('/token')).toBe(asked + 1);
  });

  test('ends with 3 when the login has ended, and forgets it', async () => {
    await signIn();
    now += 600_000;
    server.tap = ({ path }, res) =>
      path === '/token' && answerJson(res, 400, { error: 'invalid_grant' });
    expect(await person.run(token)).toEqual({
      status: 3,
      printed: '',
      complained: `Your login has ended at ${server.origin}. Sign in: kubeflow-auth-gateway login --url ${server.origin}\n`,
    });
    expect(readFileSync(person.credentials, 'utf8')).not.toContain('refresh-1');
    expect(await person.run(token)).toMatchObject({ status: 3 });
  });

  test.each([500, 503, 429])('keeps the login when the gateway answers %i', async (status) => {
    await signIn();
    now += 600_000;
    server.tap = ({ path }, res) => path === '/token' && answerJson(res, status, {});
    const failed = await person.run(token);
    expect(failed).toMatchObject({ status: 1, printed: '' });
    expect(failed.complained).toContain(`${server.origin} cannot be asked.\n`);
    server.tap = () => false;
    expect(await person.run(token)).toEqual(printed('access-2'));
  });

  test('keeps the login when the gateway answers nonsense', async () => {
    await signIn();
    now += 600_000;
    server.tap = ({ path }, res) => path === '/token' && answerJson(res, 200, 'nonsense');
    expect(await person.run(token)).toMatchObject({ status: 1, printed: '' });
    server.tap = () => false;
    expect(await person.run(token)).toEqual(printed('access-2'));
  });

  test('ends with 3 where nobody is signed in', async () => {
    expect(await person.run(token)).toMatchObject({
      status: 3,
      printed: '',
      complained: 'You are not signed in. Sign in: kubeflow-auth-gateway login --url URL\n',
    });
    const { complained } = await person.run(token, '--url', server.origin);
    expect(complained).toContain(`You are not signed in at ${server.origin}.`);
  });

  test('wants to know which gateway where there are several', async () => {
    await using other = await AuthorizationServer.start();
    other.device = 'allowed';
    await signIn();
    await signIn(other);
    await expect(person.run(token)).rejects.toThrow(
      `say which one:\n  --url ${server.origin}\n  --url ${other.origin}`,
    );
    expect(await person.run(token, '--url', `${other.origin}/_/home`)).toEqual(printed('access-1'));
  });

  test('does not use a file that it did not write', async () => {
    mkdirSync(dirname(person.credentials), { recursive: true });
    writeFileSync(person.credentials, '{', { mode: 0o600 });
    await expect(person.run(token)).rejects.toThrow('is damaged, or of another release');
  });
});
