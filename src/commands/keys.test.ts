import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CapturedTerminal } from '../../test/fixtures/captured-terminal.ts';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { readKeyFiles } from '../identity/tokens/key-files.ts';
import { DAY_MS, MINUTE_MS } from '../kernel/duration.ts';
import { systemRandom } from '../kernel/random.ts';
import { UsageError } from './command.ts';
import { keys } from './keys.ts';

let parent = '';
let directory = '';
const clock = new FakeClock(Date.parse('2026-11-21T10:00:00.250Z'));
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'kfgw-keys-command-'));
  directory = join(parent, 'keys');
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

async function run(command: string, ...more: string[]) {
  const terminal = new CapturedTerminal();
  const args = [command, '--directory', directory, ...more];
  const status = await keys.run({ args, env: {}, terminal, clock, random: systemRandom });
  return { status, printed: terminal.printed };
}

describe('keys init', () => {
  test('makes a directory with one key for each use, readable by its owner only', async () => {
    const { status, printed } = await run('init');
    expect(status).toBe(0);
    const names = readdirSync(directory);
    expect(names.map((name) => name.replace(/-.*\./, '.'))).toEqual([
      'cookie.key',
      'record.key',
      'signing.pem',
    ]);
    for (const name of names) {
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
      expect(printed).toContain(name);
      expect(printed).not.toContain(readFileSync(join(directory, name), 'utf8').slice(30, 60));
    }
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(await readKeyFiles(directory)).toMatchObject({ kind: 'read' });
  });

  test('says how the keys become a Secret', async () => {
    const { printed } = await run('init');
    expect(printed).toContain(
      `kubectl create secret generic kfgw-keys --namespace NAMESPACE --from-file=${directory}`,
    );
  });

  test('refuses a directory that holds keys', async () => {
    await run('init');
    await expect(run('init')).rejects.toThrow('holds keys already');
  });
});

describe('keys rotate', () => {
  test('adds one key for each use, which takes over later', async () => {
    await run('init');
    await clock.advance(60 * MINUTE_MS);
    const { printed } = await run('rotate');
    expect(readdirSync(directory)).toHaveLength(6);
    expect(printed).toContain('--dry-run=client');
    expect((await run('list')).printed).toMatch(
      /cookie-\S+ {2}takes over at \S+Z\ncookie-\S+ {2}in use/,
    );
  });

  test('adds only what it is told to', async () => {
    await run('init');
    await clock.advance(MINUTE_MS);
    await run('rotate', '--only', 'signing');
    expect(readdirSync(directory).filter((name) => name.startsWith('signing'))).toHaveLength(2);
    expect(readdirSync(directory)).toHaveLength(4);
    await expect(run('rotate', '--only', 'tls')).rejects.toThrow('--only must be');
  });

  test('never overwrites, and leaves nothing half done', async () => {
    await run('init');
    const before = readdirSync(directory);
    const cookie = before[0] ?? '';
    const text = readFileSync(join(directory, cookie), 'utf8');
    rmSync(join(directory, before[1] ?? ''));
    await expect(run('rotate')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(join(directory, cookie), 'utf8')).toBe(text);
    expect(readdirSync(directory)).toEqual(before.filter((_, index) => index !== 1));
  });

  test('takes back the keys it made when a later one cannot be written', async () => {
    mkdirSync(directory);
    const at = (use: string): string =>
      `${use}-${new Date(clock.nowMs()).toISOString().slice(0, 19).replaceAll(':', '-')}Z.pem`;
    writeFileSync(join(directory, at('signing')), 'there already');
    await expect(run('rotate')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readdirSync(directory)).toEqual([at('signing')]);
  });

  test('refuses a directory without keys', async () => {
    mkdirSync(directory);
    await expect(run('rotate')).rejects.toThrow('"keys init" makes the first');
  });
});

describe('keys list', () => {
  test('tells which key is in use, which takes over when, and which was replaced', async () => {
    const start = clock.nowMs() - (clock.nowMs() % 1000);
    await run('init');
    await clock.advance(10 * MINUTE_MS);
    await run('rotate');
    await clock.advance(15 * MINUTE_MS);
    const time = (minutes: number) =>
      new Date(start + minutes * MINUTE_MS).toISOString().replace('.000', '');
    const states = (await run('list')).printed
      .split('\n')
      .slice(0, 6)
      .map((line) => line.replace(/^(\w+)-\S+ {2}/, '$1 '));
    expect(states).toEqual([
      'cookie in use',
      `cookie replaced at ${time(20)}`,
      'record in use',
      `record replaced at ${time(20)}`,
      `signing takes over at ${time(35)}`,
      'signing in use',
    ]);
  });

  test('says so when there are none', async () => {
    mkdirSync(directory);
    expect((await run('list')).printed).toBe(`${directory} holds no keys.\n`);
  });
});

describe('keys prune', () => {
  test('removes what was replaced long ago, and never the newest', async () => {
    await run('init');
    await clock.advance(DAY_MS);
    await run('rotate', '--only', 'cookie');
    await clock.advance(38 * DAY_MS - 1000);
    expect((await run('prune')).printed).toContain('Nothing to remove');
    await clock.advance(2000);
    expect((await run('prune')).printed).toMatch(/^cookie-\S+ removed\n/);
    await clock.advance(1000 * DAY_MS);
    await run('prune');
    expect(readdirSync(directory)).toHaveLength(3);
    expect(await readKeyFiles(directory)).toMatchObject({ kind: 'read' });
  });

  test('keeps what seals personal tokens for longer than any of them lives', async () => {
    await run('init');
    await clock.advance(DAY_MS);
    await run('rotate');
    await clock.advance(374 * DAY_MS - 1000);
    const { printed } = await run('prune');
    expect(printed).toMatch(/^cookie-\S+ removed\nsigning-\S+ removed\n\n/);
    expect((await run('prune')).printed).toBe(
      'Nothing to remove: no key was replaced longer ago than 38d (record keys: 374d).\n',
    );
    await clock.advance(2000);
    expect((await run('prune')).printed).toMatch(/^record-\S+ removed\n/);
  });

  test('keeps for a shorter time when told to, but never less than a day', async () => {
    await run('init');
    await clock.advance(DAY_MS);
    await run('rotate');
    await clock.advance(2 * DAY_MS);
    await expect(run('prune', '--keep-for', '1h')).rejects.toThrow('at least 1d');
    await run('prune', '--keep-for', '1d');
    expect(readdirSync(directory)).toHaveLength(3);
  });

  test('leaves files alone that are not keys', async () => {
    await run('init');
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    await clock.advance(100 * DAY_MS);
    await run('prune');
    expect(readdirSync(directory)).toContain('notes.txt');
  });
});

test.each(['rotate', 'list', 'prune'])(
  'keys %s is refused where there is no directory',
  async (command) => {
    await expect(run(command)).rejects.toThrow(
      new UsageError(`${directory} does not exist; "keys init" makes it`),
    );
  },
);

test.each([[[]], [['explode']], [['toString']], [['list', 'more']]])(
  'the call keys %j is refused with what would be right',
  async (args) => {
    const terminal = new CapturedTerminal();
    const context = { env: {}, terminal, clock, random: systemRandom };
    await expect(
      keys.run({ args: [...args, '--directory', directory], ...context }),
    ).rejects.toThrow(/say one of|unexpected argument/);
  },
);

test('a call without a directory is refused', async () => {
  const context = { env: {}, terminal: new CapturedTerminal(), clock, random: systemRandom };
  await expect(keys.run({ args: ['list'], ...context })).rejects.toThrow(
    '--directory DIR is missing',
  );
});
