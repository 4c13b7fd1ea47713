import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cleanups } from '../../../test/fixtures/cleanups.ts';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { recordingSinks } from '../../../test/fixtures/recording-sinks.ts';
import { pollUntil } from '../../../test/neighbours/poll-until.ts';
import { systemClock, type Clock } from '../../kernel/clock.ts';
import { silentLogger, type LogFields } from '../../kernel/logger.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import { watchedTypes } from '../rbac/rbac-records.ts';
import { openManifestsSource } from './manifests-source.ts';

const cleanups = new Cleanups();
afterEach(cleanups.run);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-manifests-'));
  cleanups.add(() => {
    rmSync(directory, { recursive: true, force: true });
  });
});

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

function role(name: string): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { namespace: team-a, name: ${name} }
`;
}

/** Nothing is polled within a test unless it moves the clock. */
async function open(clock: Clock = systemClock, pollEveryMs = 3_600_000) {
  const sinks = recordingSinks();
  const lines: { readonly level: string; readonly message: string; readonly fields?: LogFields }[] =
    [];
  const log = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push({ level, message, ...(fields !== undefined && { fields }) });
  const logger = { ...silentLogger, error: log('error'), warn: log('warn') };
  let failures = 0;
  const metrics = {
    ...silentMetrics,
    increment: (name: string, labels: object) => {
      expect([name, labels]).toEqual(['kfgw_reload_failures_total', { file: 'manifests' }]);
      failures += 1;
    },
  };
  const source = await openManifestsSource(
    { directory, pollEveryMs },
    { clock, logger, metrics, sinks },
  );
  cleanups.add(() => source.close());
  const holds = (names: readonly string[]) =>
    pollUntil(names.join(' '), () => sinks.roles.names.join() === names.join(), { everyMs: 2 });
  return { source, sinks, lines, holds, failures: () => failures };
}

describe('policy from manifests', () => {
  it('is current once the directory was read, however old that is', async () => {
    write('a.yaml', role('a'));
    write('b.yml', role('b'));
    write('c.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }));
    const { source, sinks } = await open();
    expect(sinks.roles.names).toEqual(['team-a/a', 'team-a/b']);
    expect(source.state()).toEqual({ kind: 'current' });
    expect(source.ageMs()).toBe(0);
  });

  it('looks at manifests only, and not into directories', async () => {
    write('notes.txt', 'not: [yaml');
    write('.#a.yaml', 'not: [yaml');
    mkdirSync(join(directory, 'more.yaml'));
    writeFileSync(join(directory, 'more.yaml', 'x.yaml'), role('x'));
    const { source, sinks } = await open();
    expect(source.state()).toEqual({ kind: 'current' });
    expect(sinks.roles.names).toEqual([]);
  });

  it('takes a change at once', async () => {
    write('a.yaml', role('a'));
    const { holds } = await open();
    const start = performance.now();
    write('a.yaml', role('b'));
    await holds(['team-a/b']);
    expect(performance.now() - start).toBeLessThan(2_000);
    write('c.yaml', role('c'));
    await holds(['team-a/b', 'team-a/c']);
    unlinkSync(join(directory, 'a.yaml'));
    await holds(['team-a/c']);
  });

  it('takes a change of what a mounted volume links to', async () => {
    for (const version of ['..1', '..2']) mkdirSync(join(directory, version));
    writeFileSync(join(directory, '..1', 'a.yaml'), role('a'));
    writeFileSync(join(directory, '..2', 'a.yaml'), role('b'));
    symlinkSync('..1', join(directory, '..data'));
    symlinkSync(join('..data', 'a.yaml'), join(directory, 'a.yaml'));
    const { sinks, holds } = await open();
    expect(sinks.roles.names).toEqual(['team-a/a']);
    symlinkSync('..2', join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    await holds(['team-a/b']);
  });

  it('puts every type in force with each change, and nothing without one', async () => {
    write('a.yaml', role('a'));
    const { sinks, holds } = await open();
    const commits = () => watchedTypes.map((type) => sinks[type].commits);
    expect(commits()).toEqual([1, 1, 1, 1, 1, 1]);
    write('a.yaml', role('a'));
    write('b.yaml', role('b'));
    await holds(['team-a/a', 'team-a/b']);
    expect(commits()).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it('keeps the last good state of everything while one file is invalid', async () => {
    write('a.yaml', role('a'));
    write('b.yaml', role('b'));
    const { source, sinks, lines, holds, failures } = await open();
    write('a.yaml', role('a2'));
    await holds(['team-a/a2', 'team-a/b']);
    write('b.yaml', `${role('b')}rules: all\n`);
    await pollUntil('the failure to be told', () => failures() === 1);
    expect(sinks.roles.names).toEqual(['team-a/a2', 'team-a/b']);
    expect(source.state()).toEqual({ kind: 'current' });
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'The manifests cannot be used; what they said last stays in force.',
        fields: {
          directory,
          problem: 'b.yaml, line 1: Role team-a/b: rules is not a list',
          problems: [{ file: 'b.yaml', line: 1, problem: 'Role team-a/b: rules is not a list' }],
        },
      },
    ]);
    write('b.yaml', role('b2'));
    await holds(['team-a/a2', 'team-a/b2']);
  });

  it('loads nothing of an invalid directory, and says so until it is valid', async () => {
    write('a.yaml', role('a'));
    write('b.yaml', 'kind: Role');
    const { source, sinks, lines, holds, failures } = await open();
    expect(sinks.roles.commits).toBe(0);
    expect(failures()).toBe(1);
    expect(lines[0]?.message).toContain('nobody may do anything');
    expect(source.state()).toEqual({
      kind: 'loading',
      missing: watchedTypes,
      problem: 'b.yaml, line 1: apiVersion is missing or is not text',
    });
    unlinkSync(join(directory, 'b.yaml'));
    await holds(['team-a/a']);
    expect(source.state()).toEqual({ kind: 'current' });
  });

  it('keeps the last good state when the directory goes, and takes the next one', async () => {
    write('a.yaml', role('a'));
    const clock = new FakeClock();
    const { source, sinks, failures } = await open(clock, 1_000);
    rmSync(directory, { recursive: true });
    const until = (what: string, probe: () => boolean) =>
      pollUntil(what, async () => {
        await clock.advance(1_000);
        return probe();
      });
    await until('the failure to be told', () => failures() === 1);
    expect(sinks.roles.names).toEqual(['team-a/a']);
    expect(source.state()).toEqual({ kind: 'current' });
    mkdirSync(directory);
    write('a.yaml', role('b'));
    await until('the new one', () => sinks.roles.names.join() === 'team-a/b');
  });

  it('does not take a file that an editor has emptied and not yet written', async () => {
    write('a.yaml', role('a'));
    const clock = new FakeClock();
    const delays: number[] = [];
    const after: Clock['after'] = (ms, run) => (delays.push(ms), clock.after(ms, run));
    const { sinks } = await open({ nowMs: () => 0, monotonicMs: () => 0, after }, 1_000);
    truncateSync(join(directory, 'a.yaml'));
    await pollUntil('the empty file to be seen, which would count 50 ms later', async () => {
      if (!delays.includes(50)) await clock.advance(1_000);
      return delays.includes(50);
    });
    write('a.yaml', role('b'));
    await pollUntil('the new content', async () => {
      await clock.advance(50);
      return sinks.roles.names.join() === 'team-a/b';
    });
    expect(sinks.roles.commits).toBe(2);
  });

  it('warns of aggregated roles that grant nothing', async () => {
    write(
      'a.yaml',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: c }\naggregationRule: {}\n',
    );
    const { lines } = await open();
    expect(lines).toMatchObject([{ level: 'warn', fields: { object: 'ClusterRole c' } }]);
  });

  it('changes nothing once it is closed', async () => {
    write('a.yaml', role('a'));
    const clock = new FakeClock();
    const { source, sinks } = await open(clock, 1_000);
    write('a.yaml', role('b'));
    await source.close();
    await clock.advance(10_000);
    expect(sinks.roles.names).toEqual(['team-a/a']);
  });
});
