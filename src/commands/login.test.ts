import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuthorizationServer } from '../../test/fixtures/authorization-server.ts';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { answerJson } from '../../test/fixtures/json-answer.ts';
import { PersonAtTerminal, type RunningCommand } from '../../test/fixtures/person-at-terminal.ts';
import { pollUntil } from '../../test/neighbours/poll-until.ts';
import { login } from './login.ts';

let server: AuthorizationServer;
let person: PersonAtTerminal;
beforeEach(async () => {
  server = await AuthorizationServer.start();
  person = new PersonAtTerminal();
});
afterEach(async () => {
  person[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

function storedLogins(): unknown {
  const file = JSON.parse(readFileSync(person.credentials, 'utf8')) as { gateways: unknown };
  return file.gateways;
}

function begin(...more: string[]): RunningCommand {
  return person.start(login, '--url', server.origin, ...more);
}

/** The address that the person is asked to open. */
function shownAddress({ terminal }: RunningCommand): Promise<string> {
  const line = () => /^ {2}(http\S+)$/m.exec(terminal.printed)?.[1];
  return pollUntil('an address is shown', line);
}

async function pageAt(url: URL): Promise<string> {
  return (await fetch(url)).text();
}

describe('login through the browser', () => {
  test('keeps what the gateway gives, under the gateway that it is for', async () => {
    const running = begin('--no-browser');
    const page = await pageAt(server.allow(await shownAddress(running)));
    expect(page).toContain('You are signed in');
    const { status, printed, complained } = await running.result;
    expect({ status, complained }).toEqual({ status: 0, complained: '' });
    expect(printed).toContain(`You are signed in at ${server.origin} as jane@example.com.`);
    expect(printed + complained).not.toMatch(/access-1|refresh-1|code-0/);
    const [stored] = Object.entries(storedLogins() as object) as [string, object][];
    expect(stored).toEqual([
      server.origin,
      {
        accessToken: 'access-1',
        refreshToken: 'refresh-1',
        accessExpiresAtMs: expect.any(Number) as unknown,
      },
    ]);
  });

  test('asks for a code with PKCE and a state, to a loopback address, and for what was wished', async () => {
    const wishes = ['--scope', 'read namespace:team-a', '--name', 'laptop', '--expires', '12h'];
    const running = begin('--no-browser', ...wishes);
    const url = await shownAddress(running);
    const asked = Object.fromEntries(new URL(url).searchParams);
    expect(asked).toEqual({
      client_id: 'kfgw-cli',
      response_type: 'code',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/) as unknown,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      scope: 'read namespace:team-a',
      login_name: 'laptop',
      login_lifetime: '43200',
    });
    await pageAt(server.allow(url));
    await running.result;
  });

  test('opens the browser without a shell', async () => {
    mkdirSync(join(person.home, 'bin'));
    const opened = join(person.home, 'opened');
    const script = `#!/bin/sh\nprintf '%s' "$*" > ${opened}.part && /bin/mv ${opened}.part ${opened}\n`;
    writeFileSync(join(person.home, 'bin', 'xdg-open'), script, { mode: 0o755 });
    const running = begin();
    const url = await pollUntil('the browser was opened', () => readFileSync(opened, 'utf8'));
    expect(url).toBe(await shownAddress(running));
    expect(running.terminal.printed).toContain('Sign in in the browser that opens.');
    await pageAt(server.allow(url));
    expect(await running.result).toMatchObject({ status: 0 });
  });

  test('says what to do where no browser can be opened', async () => {
    const running = begin();
    await pageAt(server.allow(await shownAddress(running)));
    expect(running.terminal.printed).toContain('Open this address in a browser on this machine');
    await running.result;
  });

  test.each<[string, Record<string, string>]>([
    ['of another issuer', { code: 'code-0', iss: 'https://attacker.example' }],
    ['without a code', {}],
    ['with a code of nobody', { code: 'another' }],
  ])('takes no answer %s', async (_what, answer) => {
    const running = begin('--no-browser');
    const url = await shownAddress(running);
    server.allow(url);
    expect(await pageAt(server.answerTo(url, answer))).toContain('You are not signed in');
    expect(await running.result).toMatchObject({ status: 1 });
    expect(() => storedLogins()).toThrow('ENOENT');
  });

  test('takes no answer that does not name its issuer', async () => {
    const running = begin('--no-browser');
    const back = server.allow(await shownAddress(running));
    back.searchParams.delete('iss');
    expect(await pageAt(back)).toContain('You are not signed in');
    expect(await running.result).toMatchObject({ status: 1 });
  });

  test('ends with 3 when the person declines, and with 2 when the gateway does not give the scope', async () => {
    const declined = begin('--no-browser');
    const answer = { error: 'access_denied' };
    await pageAt(server.answerTo(await shownAddress(declined), answer));
    expect(await declined.result).toMatchObject({
      status: 3,
      complained: 'The sign-in was declined.\n',
    });
    const refused = begin('--no-browser');
    const description = { error: 'invalid_scope', error_description: 'no such \u001b[31mclass' };
    await pageAt(server.answerTo(await shownAddress(refused), description));
    expect(await refused.result).toMatchObject({
      status: 2,
      complained: `${server.origin} refused: invalid_scope: no such ?[31mclass\n`,
    });
  });

  test('does not wait for ever', async () => {
    const clock = new FakeClock();
    person.clock = clock;
    const running = begin('--no-browser');
    await shownAddress(running);
    const ended = running.result.then(() => true);
    await pollUntil('it gives up', async () => {
      await clock.advance(60_000);
      return Promise.race([ended, Promise.resolve(false)]);
    });
    expect(await running.result).toMatchObject({
      status: 1,
      complained: 'Nobody signed in in time. Start again when you are ready.\n',
    });
  });

  test('does without the name of the user where the gateway does not say it', async () => {
    for (const status of [200, 401, 503]) {
      server.tap = ({ path }, res) =>
        path === '/oauth2/userinfo' && answerJson(res, status, { user: status === 200 ? 7 : 'x' });
      server.device = 'allowed';
      const { printed } = await begin('--device').result;
      expect(printed).toContain(`You are signed in at ${server.origin}.`);
    }
  });

  test('replaces the login before, which is revoked, and leaves those at other gateways', async () => {
    await using other = await AuthorizationServer.start();
    for (const each of [server, other, server]) {
      const running = person.start(login, '--url', each.origin, '--no-browser');
      await pageAt(each.allow(await shownAddress(running)));
      expect(await running.result).toMatchObject({ status: 0 });
    }
    expect(server.revoked).toEqual(['refresh-1']);
    expect(other.revoked).toEqual([]);
    expect(storedLogins()).toMatchObject({
      [server.origin]: { refreshToken: 'refresh-2' },
      [other.origin]: { refreshToken: 'refresh-1' },
    });
  });
});

describe('login with a device code', () => {
  test('shows the code and where to type it, and waits until it is allowed', async () => {
    const running = begin('--device', '--scope', 'read', '--expires', '1d');
    await pollUntil('it has asked', () => countOf('/token') >= 2);
    expect(running.terminal.printed).toContain(`\n  ${server.origin}/device\n`);
    expect(running.terminal.printed).toContain('\n  WDJB-MJHT\n');
    expect(running.terminal.printed).toContain('within 10 minutes');
    server.device = 'allowed';
    expect(await running.result).toMatchObject({ status: 0, complained: '' });
    expect(storedLogins()).toMatchObject({ [server.origin]: { refreshToken: 'refresh-1' } });
    const asked = server.exchanges.find(({ path }) => path === '/device_authorization');
    expect(asked?.form).toMatchObject({ scope: 'read', login_lifetime: '86400' });
  });

  test('goes on when the gateway is away for a while', async () => {
    let failures = 3;
    server.tap = ({ path }, res) => {
      if (path !== '/token' || failures === 0) return false;
      failures -= 1;
      return answerJson(res, 503, { error: 'temporarily_unavailable' });
    };
    server.device = 'allowed';
    expect(await begin('--device').result).toMatchObject({ status: 0 });
    expect(countOf('/token')).toBe(4);
  });

  test('ends with 3 when the person declines', async () => {
    server.device = 'declined';
    expect(await begin('--device').result).toMatchObject({
      status: 3,
      complained: 'The sign-in was declined.\n',
    });
  });

  test('ends when the code does, whether the gateway says so or not', async () => {
    server.tap = ({ path }, res) =>
      path === '/token' && answerJson(res, 400, { error: 'expired_token' });
    expect(await begin('--device').result).toMatchObject({ status: 1, complained: tooLate });
    server.tap = ({ path }, res) =>
      path === '/device_authorization' &&
      answerJson(res, 200, { ...device(), expires_in: 0.1, interval: 0.03 });
    expect(await begin('--device').result).toMatchObject({ status: 1, complained: tooLate });
  });

  test.each([
    [{ user_code: '\u001b]0;x' }, 'its code is none to be typed'],
    [{ verification_uri: 'https://attacker.example/device' }, 'its page for codes is elsewhere'],
  ])('shows nothing of %j', async (change, detail) => {
    server.tap = ({ path }, res) =>
      path === '/device_authorization' && answerJson(res, 200, { ...device(), ...change });
    const { status, printed, complained } = await begin('--device').result;
    expect({ status, printed }).toEqual({ status: 1, printed: '' });
    expect(complained).toContain(detail);
  });
});

const tooLate = 'Nobody signed in in time. Start again when you are ready.\n';

function device() {
  const verification_uri = `${server.origin}/device`;
  return {
    device_code: 'device-code',
    user_code: 'WDJB-MJHT',
    verification_uri,
    expires_in: 600,
    interval: 0.02,
  };
}

function countOf(path: string): number {
  return server.exchanges.filter((exchange) => exchange.path === path).length;
}

describe('login says what is wrong', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ issuer: 'https://another.example' }, 'issuer'],
    [{ token_endpoint: 'https://attacker.example/token' }, 'its token_endpoint is missing or else'],
    [{ authorization_endpoint: undefined }, 'its authorization_endpoint is missing'],
    [{ revocation_endpoint: 'http://127.0.0.1:1/revoke' }, 'its revocation_endpoint is missing or'],
    [{ code_challenge_methods_supported: ['plain'] }, 'it does not know PKCE'],
    [{ authorization_response_iss_parameter_supported: false }, 'does not tell its issuer'],
  ])('where the gateway says of itself %j', async (change, detail) => {
    server.metadata = { ...server.metadata, ...change };
    const { status, printed, complained } = await begin('--no-browser').result;
    expect({ status, printed }).toEqual({ status: 1, printed: '' });
    expect(complained).toContain('offers no sign-in for the command line');
    expect(complained).toContain(detail);
  });

  test.each<[Record<string, unknown>]>([
    [{ access_token: 'a\u001b[2J', refresh_token: 'r', expires_in: 60 }],
    [{ access_token: 'a', refresh_token: 'r' }],
    [{ access_token: 'a', expires_in: 60 }],
    [{ access_token: 'a', refresh_token: 'r', expires_in: 60, token_type: 'DPoP' }],
  ])('where the token endpoint answers %j', async (answer) => {
    server.tap = ({ path }, res) =>
      path === '/token' && answerJson(res, 200, { token_type: 'Bearer', ...answer });
    const { status, complained } = await begin('--device').result;
    expect(status).toBe(1);
    expect(complained).not.toContain('\u001b');
    expect(() => storedLogins()).toThrow('ENOENT');
  });

  test('where there is no gateway', async () => {
    server.tap = (_exchange, res) => {
      res.writeHead(404).end();
      return true;
    };
    const { status, complained } = await begin().result;
    expect(status).toBe(1);
    expect(complained).toContain('tokens.personal.enabled off.\nstatus 404\n');
    const nobody = await person.run(login, '--url', 'https://127.0.0.1:1');
    expect(nobody.status).toBe(1);
    expect(nobody.complained).toMatch(
      /^https:\/\/127\.0\.0\.1:1 cannot be asked\.\n.*ECONNREFUSED/,
    );
  });

  test.each([
    [[], '--url URL is missing'],
    [['--url', 'http://kubeflow.example.com'], '--url must begin with https://'],
    [['--url', 'https://a', '--scope', 'admin'], '--scope must be names'],
    [['--url', 'https://a', '--scope', ''], '--scope must be names'],
    [['--url', 'https://a', '--scope', ' '], '--scope must be names'],
    [['--url', 'https://a', '--expires', '1 day'], '--expires must be a duration'],
    [['--url', 'https://a', '--expires', '10s'], '--expires must be a duration of at least 1m'],
    [['--url', 'https://a', '--ca-file', '/nowhere.pem'], '--ca-file /nowhere.pem cannot be read'],
    [['--url', 'https://a', '--ca-file', import.meta.filename], 'holds no certificate in PEM'],
    [['--url', 'https://a', 'more'], 'unexpected argument: more'],
  ])('in the call %j', async (args, problem) => {
    await expect(person.run(login, ...args)).rejects.toThrow(problem);
  });

  test('before anybody signs in where the login could not be kept', async () => {
    mkdirSync(join(person.home, '.config'));
    writeFileSync(join(person.home, '.config', 'kubeflow-auth-gateway'), '');
    await expect(begin('--no-browser').result).rejects.toThrow('EEXIST');
    expect(server.exchanges).toEqual([]);
  });
});
