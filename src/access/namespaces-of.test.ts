import { describe, expect, it } from 'vitest';
import type { Principal } from '../identity/principal.ts';
import { createNamespacesOf } from './namespaces-of.ts';
import type { PolicyState } from './policy-source.ts';
import type { ProfileRecord } from './rbac/rbac-records.ts';
import type { Subjects } from './rbac/rbac-reader.ts';

const me: Principal = { userId: 'user@example.com', groups: [] };

/** An index in which `allowed` says who may do what, as `verb resource namespace`. */
function start(names: readonly string[], allowed: (asked: string) => boolean) {
  const subjects: Subjects = { principal: me, implicitGroups: [] };
  const bed = { revision: 1, asked: 0, state: { kind: 'current' } as PolicyState };
  const profiles = names.map((name): ProfileRecord => {
    return { namespace: '', name, uid: '', owner: { kind: 'User', name: 'somebody' } };
  });
  const namespacesOf = createNamespacesOf(
    {
      subjectsOf: () => subjects,
      grantOf: (_subjects, { action, namespace }) => {
        bed.asked++;
        const isAllowed = allowed(`${action.verb} ${action.resource} ${namespace}`);
        return isAllowed ? { binding: undefined } : undefined;
      },
      profiles: () => profiles,
      get revision() {
        return bed.revision;
      },
    },
    { state: () => bed.state },
  );
  return { bed, namespacesOf };
}

describe('the namespaces of a person', () => {
  it('are those with a role, which is the strongest that RBAC allows', async () => {
    const rights = new Set([
      'create rolebindings mine',
      'create notebooks mine',
      'get notebooks mine',
      'create notebooks shared',
      'get notebooks shown',
      'delete notebooks odd',
    ]);
    const { namespacesOf } = start(['foreign', 'mine', 'odd', 'shared', 'shown'], (asked) =>
      rights.has(asked),
    );
    expect(await namespacesOf(me)).toEqual({
      kind: 'known',
      isTruncated: false,
      namespaces: [
        { namespace: 'mine', role: 'owner' },
        { namespace: 'shared', role: 'contributor' },
        { namespace: 'shown', role: 'viewer' },
      ],
    });
  });

  it('are cut where somebody has more than a page can use, and said to be', async () => {
    const names = Array.from({ length: 501 }, (_, at) => `ns-${at}`);
    const known = await start(names, () => true).namespacesOf(me);
    expect(known).toMatchObject({ kind: 'known', isTruncated: true });
    expect(known.kind === 'known' && known.namespaces).toHaveLength(500);
    const all = await start(names.slice(1), () => true).namespacesOf(me);
    expect(all).toMatchObject({ kind: 'known', isTruncated: false });
  });

  it.each([
    { kind: 'loading', missing: ['roles'] } as const,
    { kind: 'expired', stale: [] } as const,
  ])('are unknown while the index is not to be believed: $kind', async (state) => {
    const { bed, namespacesOf } = start(['mine'], () => true);
    bed.state = state;
    expect(await namespacesOf(me)).toEqual({ kind: 'unknown' });
  });

  it('are known while freshness cannot be proved', async () => {
    const { bed, namespacesOf } = start(['mine'], () => true);
    bed.state = { kind: 'degraded', stale: ['roles'] };
    expect(await namespacesOf(me)).toMatchObject({ kind: 'known' });
  });

  it('are not asked for again until something has changed', async () => {
    const { bed, namespacesOf } = start(['mine'], () => true);
    await Promise.all([namespacesOf(me), namespacesOf(me)]);
    expect(bed.asked).toBe(1);
    bed.revision++;
    await namespacesOf(me);
    expect(bed.asked).toBe(2);
  });

  it('do not hold anybody up, however many Profiles there are', async () => {
    const names = Array.from({ length: 5_000 }, (_, at) => `ns-${at}`);
    const { namespacesOf } = start(names, () => false);
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await namespacesOf(me);
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(9);
  });
});
