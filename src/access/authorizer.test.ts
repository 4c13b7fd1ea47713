import { describe, expect, it } from 'vitest';
import { IndexAuthorizer } from './authorizer.ts';
import type { PolicyState } from './policy-source.ts';
import type { ResourceQuestion } from './rbac/access-question.ts';
import { RbacIndex } from './rbac/rbac-index.ts';
import type { BindingRecord, RecordByType, WatchedType } from './rbac/rbac-records.ts';
import type { RecordSink } from './rbac/record-sink.ts';

const alice = { userId: 'alice@example.com', groups: [] };

function question(verb: string, namespace = 'team-a'): ResourceQuestion {
  const action = { verb, group: 'kubeflow.org', resource: 'notebooks', subresource: '' };
  return { action, namespace, name: 'lab' };
}

function bindingOf(name: string): BindingRecord {
  return {
    namespace: 'team-a',
    name: 'namespaceAdmin',
    uid: '1',
    roleRef: { kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'User', name, namespace: '' }],
  };
}

function load<T extends WatchedType>(
  sinks: { readonly [K in T]: RecordSink<RecordByType[K]> },
  type: T,
  ...records: RecordByType[T][]
): void {
  const generation = sinks[type].begin();
  for (const record of records) generation.add(record);
  generation.commit();
}

function start() {
  const index = new RbacIndex();
  const rules = [
    {
      verbs: ['get', 'list'],
      apiGroups: ['kubeflow.org'],
      resources: ['notebooks'],
      resourceNames: [],
      nonResourceURLs: [],
    },
  ];
  load(index.sinks, 'clusterroles', { namespace: '', name: 'reader', uid: '2', rules });
  load(index.sinks, 'rolebindings', bindingOf(alice.userId));
  const noted: string[] = [];
  const world: { state: PolicyState; isNew: boolean } = {
    state: { kind: 'current' },
    isNew: false,
  };
  const authorizer = new IndexAuthorizer({
    rbac: index,
    policy: { state: () => world.state },
    isNew: () => world.isNew,
    note: (_subjects, asked, isAllowed) =>
      noted.push(`${asked.action.verb} ${isAllowed ? 'yes' : 'no'}`),
  });
  return { index, world, noted, authorizer };
}

describe('the authorizer', () => {
  it('allows what the index grants, and tells by which binding', () => {
    const { authorizer, noted } = start();
    const answer = authorizer.ask(alice, [question('get')]);
    expect(answer).toMatchObject({
      kind: 'allowed',
      grant: { binding: { namespace: 'team-a', name: 'namespaceAdmin' } },
    });
    expect(noted).toEqual(['get yes']);
  });

  it('allows several questions only when each is, and tells the first that is not', () => {
    const { authorizer, noted } = start();
    expect(authorizer.ask(alice, [question('get'), question('list')]).kind).toBe('allowed');
    const mixed = [question('get'), question('delete'), question('patch')];
    expect(authorizer.ask(alice, mixed)).toEqual({ kind: 'denied', question: mixed[1] });
    expect(noted).toEqual(['get yes', 'list yes', 'get yes', 'delete no']);
  });

  it.each<[PolicyState, string]>([
    [{ kind: 'loading', missing: ['roles'] }, 'access_loading'],
    [{ kind: 'expired', stale: ['roles'] }, 'access_stale'],
  ])('neither allows nor denies while the index cannot be believed: %j', (state, reason) => {
    const { authorizer, world, noted } = start();
    world.state = state;
    for (const verb of ['get', 'delete'])
      expect(authorizer.ask(alice, [question(verb)])).toMatchObject({
        kind: 'unavailable',
        reason,
      });
    expect(noted).toEqual([]);
  });

  it('answers by the last state while it is degraded', () => {
    const { authorizer, world } = start();
    world.state = { kind: 'degraded', stale: ['rolebindings'] };
    expect(authorizer.ask(alice, [question('get')]).kind).toBe('allowed');
    expect(authorizer.ask(alice, [question('delete')]).kind).toBe('denied');
  });

  it('refuses to be asked nothing', () => {
    expect(() => start().authorizer.ask(alice, [])).toThrow(RangeError);
  });
});

describe('the owner of a Profile', () => {
  const bob = { userId: 'bob@example.com', groups: [] };
  const owned = (owner: string, kind = 'User') => ({
    ...{ namespace: '', name: 'team-b', uid: '3' },
    owner: { kind, name: owner },
  });
  const inTeamB = [question('get', 'team-b')];

  it('is asked to wait while the namespace is being set up', () => {
    const { index, world, authorizer } = start();
    load(index.sinks, 'profiles', owned(bob.userId));
    world.isNew = true;
    expect(authorizer.ask(bob, inTeamB).kind).toBe('provisioning');
  });

  it('is never allowed anything for being the owner', () => {
    const { index, authorizer } = start();
    load(index.sinks, 'profiles', owned(bob.userId));
    expect(authorizer.ask(bob, inTeamB).kind).toBe('denied');
  });

  it('is denied like everybody else once a binding names him', () => {
    const { index, world, authorizer } = start();
    load(index.sinks, 'profiles', owned(bob.userId));
    load(index.sinks, 'rolebindings', { ...bindingOf(bob.userId), namespace: 'team-b' });
    world.isNew = true;
    expect(authorizer.ask(bob, [question('delete', 'team-b')]).kind).toBe('denied');
  });

  it('is a user of exactly that name', () => {
    const { index, world, authorizer } = start();
    world.isNew = true;
    for (const profile of [owned('Bob@example.com'), owned(bob.userId, 'Group')]) {
      load(index.sinks, 'profiles', profile);
      expect(authorizer.ask(bob, inTeamB).kind).toBe('denied');
    }
    load(index.sinks, 'profiles', owned(bob.userId));
    expect(authorizer.ask(alice, inTeamB).kind).toBe('denied');
  });
});
