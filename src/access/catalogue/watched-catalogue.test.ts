import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/fixtures/fake-clock.ts';
import { routedHead, rowFor } from '../../../test/fixtures/route-catalogue.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { silentMetrics } from '../../kernel/metrics.ts';
import { CatalogueUnusable, WatchedCatalogue } from './watched-catalogue.ts';

const POLL_MS = 10_000;

let directory = '';
let opened: WatchedCatalogue | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kfgw-routes-'));
});
afterEach(() => {
  opened?.close();
  opened = undefined;
  rmSync(directory, { recursive: true });
});

function file(name: string): string {
  return join(directory, name);
}

function write(name: string, ...rows: readonly string[]): void {
  writeFileSync(file(name), `rows:\n${rows.map((row) => `  - { ${row} }\n`).join('')}`);
}

function open(extraRoutes?: string) {
  const clock = new FakeClock();
  const logger = { ...silentLogger, error: vi.fn(), warn: vi.fn(), info: vi.fn() };
  const metrics = { ...silentMetrics, increment: vi.fn(), set: vi.fn() };
  const catalogue = new WatchedCatalogue(
    {
      files: { routes: file('routes.yaml'), extraRoutes },
      pollEveryMs: POLL_MS,
      openVerb: 'get',
      unmatched: 'authenticated',
      inferenceHosts: [],
    },
    { clock, logger, metrics },
  );
  opened = catalogue;
  const rowAt = (url: string): string => rowFor(catalogue.match(routedHead(`GET ${url}`)));
  return { catalogue, clock, logger, metrics, rowAt };
}

describe('a watched catalogue', () => {
  it('tries the further rows first, and says where they demand less', () => {
    write(
      'routes.yaml',
      "id: shipped, path: '/app/{namespace}', ask: list pods",
      'id: more, path: /x',
    );
    write('extra.yaml', 'id: mine, path: /app/**');
    const { rowAt, logger, metrics } = open(file('extra.yaml'));
    expect([rowAt('/app/team-a'), rowAt('/x')]).toEqual(['mine', 'more']);
    expect(logger.warn).toHaveBeenCalledExactlyOnceWith(expect.any(String), {
      warnings: [
        `${file('extra.yaml')}:2: row mine: takes requests from shipped, which demand more`,
      ],
    });
    expect(metrics.set).toHaveBeenCalledWith('kfgw_catalogue_rows', { demand: 'authenticated' }, 2);
  });

  it('says what is open to everybody', () => {
    write('routes.yaml', 'id: open, path: /open/**, noNamespace: public', 'id: rest, path: /**');
    expect(open().logger.info).toHaveBeenCalledExactlyOnceWith(expect.any(String), {
      rows: 2,
      public: ['/open/**'],
    });
  });

  it('takes a changed file over, and tells who wants to know', async () => {
    write('routes.yaml', 'id: before, path: /app');
    const { catalogue, clock, rowAt } = open();
    const listener = vi.fn();
    const cancel = catalogue.onChange(listener);
    await clock.advance(POLL_MS);
    expect(listener).not.toHaveBeenCalled();
    write('routes.yaml', 'id: after, path: /app');
    await clock.advance(POLL_MS);
    expect(rowAt('/app')).toBe('after');
    expect(catalogue.rows.map(({ id }) => id)).toEqual(['after']);
    expect(listener).toHaveBeenCalledOnce();
    cancel();
    write('routes.yaml', 'id: last, path: /app');
    catalogue.reload();
    expect(rowAt('/app')).toBe('last');
    expect(listener).toHaveBeenCalledOnce();
  });

  it.each([
    ['is no YAML', 'rows: ['],
    ['has a key that is none', 'rows: [{ id: a, path: /a, colour: red }]'],
    ['contradicts itself', 'rows: [{ id: a, path: /a, ask: list pods }]'],
  ])('keeps the last good one while a file %s', async (_, text) => {
    write('routes.yaml', 'id: good, path: /app');
    const { clock, logger, metrics, rowAt } = open();
    writeFileSync(file('routes.yaml'), text);
    await clock.advance(3 * POLL_MS);
    expect(rowAt('/app')).toBe('good');
    expect(logger.error).toHaveBeenCalledOnce();
    expect(metrics.increment.mock.calls).toEqual(
      Array(3).fill(['kfgw_reload_failures_total', { file: 'routes' }]),
    );
    write('routes.yaml', 'id: healed, path: /app');
    await clock.advance(POLL_MS);
    expect(rowAt('/app')).toBe('healed');
    expect(metrics.increment).toHaveBeenCalledTimes(3);
  });

  it('keeps the last good one while a file is gone', async () => {
    write('routes.yaml', 'id: good, path: /app');
    write('extra.yaml', 'id: extra, path: /extra');
    const { clock, logger, rowAt } = open(file('extra.yaml'));
    rmSync(file('extra.yaml'));
    await clock.advance(POLL_MS);
    expect(rowAt('/extra')).toBe('extra');
    expect(logger.error).toHaveBeenCalledExactlyOnceWith(expect.any(String), {
      problems: [expect.stringContaining('extra.yaml: cannot be read')],
    });
  });

  it('does not start with files that cannot be used, and names every problem of both', () => {
    write('routes.yaml', 'id: A, path: /a');
    write('extra.yaml', 'id: b, path: b');
    expect(() => open(file('extra.yaml'))).toThrow(CatalogueUnusable);
    expect(() => open(file('extra.yaml'))).toThrow(/extra\.yaml:2: row b[^]*routes\.yaml:2: row A/);
  });

  it('reads no more once it is closed', async () => {
    write('routes.yaml', 'id: before, path: /app');
    const { catalogue, clock, rowAt } = open();
    catalogue.close();
    write('routes.yaml', 'id: after, path: /app');
    await clock.advance(POLL_MS);
    expect(rowAt('/app')).toBe('before');
  });
});
