import { describe, expect, it } from 'vitest';
import { missingNeighbours, testNeighbours } from './catalogue.ts';
import { ensureDebianPrograms, findProgram } from './debian-package.ts';
import { suiteFate } from './describe-with.ts';

describe('a suite that needs neighbours', () => {
  it('runs when none is missing', () => {
    expect(suiteFate([], false)).toEqual({ kind: 'run' });
    expect(suiteFate([], true)).toEqual({ kind: 'run' });
  });

  it('is skipped on a developer’s machine, with the reason', () => {
    const fate = suiteFate(['redis', 'ldap'], false);
    expect(fate.kind === 'skip' && fate.reason).toContain('redis, ldap');
  });

  it('fails in CI, with the reason', () => {
    const fate = suiteFate(['dex-2.45.1'], true);
    expect(fate.kind === 'fail' && fate.reason).toContain('dex-2.45.1');
  });
});

describe('programs of Debian packages', () => {
  it('are found in PATH and in the directories of servers', () => {
    expect(findProgram('sh')).toMatch(/\/sh$/);
    expect(findProgram('no-such-program')).toBeUndefined();
  });

  it('are not installed when they are there', async () => {
    const there = { kind: 'debian', packages: ['no-such-package'], programs: ['sh'] } as const;
    await expect(ensureDebianPrograms([there])).resolves.toBeUndefined();
  });
});

describe('the catalogue', () => {
  it('has everything that tests need where CI says so', () => {
    const missing = process.env['CI'] === 'true' ? missingNeighbours(testNeighbours) : [];
    expect(missing).toEqual([]);
  });
});
