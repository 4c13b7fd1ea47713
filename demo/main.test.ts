import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { freePort } from '../test/neighbours/free-port.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function run(port: string) {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, DEMO_PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  return { child, said, exit: once(child, 'exit') };
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  'prints one line when it is ready, and stops cleanly on %s',
  { timeout: 120_000 },
  async (signal) => {
    const port = await freePort();
    const { child, said, exit } = run(String(port));
    try {
      await Promise.race([once(child.stdout, 'data'), exit]);
      expect(said).toMatchObject({ out: expect.stringContaining('Ready') as string });
      child.kill(signal);
      expect(await exit).toEqual([0, null]);
      expect(said.out).toBe(
        `Ready: http://localhost:${port} (sign in as user@example.com, viewer@example.com; password 12341234)\n`,
      );
    } finally {
      child.kill('SIGKILL');
    }
  },
);

it('says in one line which port is taken', { timeout: 120_000 }, async () => {
  const port = await freePort();
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  try {
    const { said, exit } = run(String(port));
    expect(await exit).toEqual([1, null]);
    const spoken = said.err
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{"level"'));
    expect(spoken).toEqual([
      `The demo cannot run: port ${port} is taken (DEMO_PORT chooses another one).`,
    ]);
  } finally {
    holder.close();
  }
});

it.each(['0', 'abc'])('takes no port %s', { timeout: 60_000 }, async (port) => {
  const { said, exit } = run(port);
  expect(await exit).toEqual([2, null]);
  expect(said.err).toBe('DEMO_PORT must be a port from 1 to 65535\n');
});
