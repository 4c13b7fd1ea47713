import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuthorizationServer } from '../../test/fixtures/authorization-server.ts';
import { answerJson } from '../../test/fixtures/json-answer.ts';
import { PersonAtTerminal } from '../../test/fixtures/person-at-terminal.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { token } from './token.ts';

let server: AuthorizationServer;
let person: PersonAtTerminal;
beforeEach(async () => {
  server = await AuthorizationServer.start();
  server.device = 'allowed';
  person = new PersonAtTerminal();
});
afterEach(async () => {
  person[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

async function signIn(at = server): Promise<void> {
  expect(await person.run(login, '--url', at.origin, '--device')).toMatchObject({ status: 0 });
}

describe('logout', () => {
  test('revokes the login and forgets it', async () => {
    await signIn();
    expect(await person.run(logout)).toEqual({
      status: 0,
      printed: `You are signed out at ${server.origin}.\n`,
      complained: '',
    });
    expect(server.exchanges.at(-1)).toEqual({
      path: '/revoke',
      form: { client_id: 'kfgw-cli', token: 'refresh-1', token_type_hint: 'refresh_token' },
    });
    expect(readFileSync(person.credentials, 'utf8')).not.toMatch(/refresh-1|access-1/);
    expect(await person.run(token)).toMatchObject({ status: 3 });
  });

  test('forgets the login also when the gateway cannot be asked, and says where to end it', async () => {
    await signIn();
    server.tap = ({ path }, res) => path === '/revoke' && answerJson(res, 503, {});
    const { status, printed, complained } = await person.run(logout);
    expect({ status, printed }).toEqual({ status: 1, printed: '' });
    expect(complained).toContain(`${server.origin} cannot be asked.`);
    expect(complained).toContain(`end it at ${server.origin}/oauth2/tokens.\n`);
    expect(readFileSync(person.credentials, 'utf8')).not.toMatch(/refresh-1|access-1/);
  });

  test('leaves the logins at other gateways', async () => {
    await using other = await AuthorizationServer.start();
    other.device = 'allowed';
    await signIn();
    await signIn(other);
    await expect(person.run(logout)).rejects.toThrow('say which one');
    expect(await person.run(logout, '--url', other.origin)).toMatchObject({ status: 0 });
    expect(other.revoked).toEqual(['refresh-1']);
    expect(server.revoked).toEqual([]);
    expect(await person.run(token)).toMatchObject({ status: 0, printed: 'access-1\n' });
  });

  test('is content where nobody is signed in', async () => {
    const nobody = { status: 0, printed: 'You were not signed in.\n', complained: '' };
    expect(await person.run(logout)).toEqual(nobody);
    expect(await person.run(logout, '--url', server.origin)).toEqual(nobody);
    expect(server.exchanges).toEqual([]);
  });
});
