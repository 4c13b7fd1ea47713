import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fixtures/fake-clock.ts';
import { NewProfiles } from './new-profiles.ts';
import type { ObjectKey, ProfileRecord } from './rbac/rbac-records.ts';
import type { RecordSink } from './rbac/record-sink.ts';

function profile(name: string, uid = `uid-of-${name}`): ProfileRecord {
  return { namespace: '', name, uid, owner: { kind: 'User', name: 'user@example.com' } };
}

function start() {
  const clock = new FakeClock();
  const heard: string[] = [];
  const inner: RecordSink<ProfileRecord> = {
    begin: () => ({
      add: ({ name }) => heard.push(`add ${name}`),
      commit: () => heard.push('commit'),
    }),
    upsert: ({ name }) => heard.push(`upsert ${name}`),
    remove: ({ name }: ObjectKey) => heard.push(`remove ${name}`),
  };
  const profiles = new NewProfiles(inner, clock);
  const load = (...records: ProfileRecord[]): void => {
    const generation = profiles.begin();
    for (const record of records) generation.add(record);
    generation.commit();
  };
  return { clock, heard, profiles, load };
}

describe('a Profile', () => {
  it('is new for a minute after it was first seen', async () => {
    const { clock, profiles, load } = start();
    load(profile('old'));
    profiles.upsert(profile('young'));
    expect(profiles.isNew(profile('young'))).toBe(true);
    await clock.advance(59_999);
    expect(profiles.isNew(profile('young'))).toBe(true);
    await clock.advance(1);
    expect(profiles.isNew(profile('young'))).toBe(false);
  });

  it('of the first load is not new, nor one of it that changes', () => {
    const { profiles, load } = start();
    load(profile('old'));
    profiles.upsert(profile('old'));
    expect(profiles.isNew(profile('old'))).toBe(false);
  });

  it('is new when a later load brings it, and only then', () => {
    const { profiles, load } = start();
    load(profile('old'));
    load(profile('old'), profile('young'));
    expect(profiles.isNew(profile('young'))).toBe(true);
    expect(profiles.isNew(profile('old'))).toBe(false);
  });

  it('is another one when it was deleted and made again', () => {
    const { profiles, load } = start();
    load(profile('team', 'first'));
    profiles.remove(profile('team', 'first'));
    profiles.upsert(profile('team', 'second'));
    expect(profiles.isNew(profile('team', 'second'))).toBe(true);
  });

  it('that is first seen long ago stays old when it is seen again', async () => {
    const { clock, profiles, load } = start();
    load();
    profiles.upsert(profile('young'));
    await clock.advance(60_000);
    profiles.upsert(profile('other'));
    load(profile('young'), profile('other'));
    expect(profiles.isNew(profile('young'))).toBe(false);
    expect(profiles.isNew(profile('other'))).toBe(true);
  });
});

it('everything is handed on', () => {
  const { heard, profiles, load } = start();
  load(profile('a'));
  profiles.upsert(profile('b'));
  profiles.remove(profile('a'));
  expect(heard).toEqual(['add a', 'commit', 'upsert b', 'remove a']);
});
