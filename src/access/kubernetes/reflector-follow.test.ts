import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { line, sendStatus } from '../../../test/fixtures/api-answers.ts';
import { ReflectorBed } from '../../../test/fixtures/reflector-bed.ts';
import type { Reflector } from './reflector.ts';

let bed: ReflectorBed;
let reflector: Reflector<'rolebindings'>;
beforeEach(async () => {
  bed = await ReflectorBed.start();
  bed.bind('stays');
  bed.bind('goes');
  reflector = bed.reflect('rolebindings');
  await bed.until('loaded', () => reflector.progress.isLoaded);
});
afterEach(() => bed.close());

const names = () => bed.sinks.rolebindings.records.map(({ name }) => name).sort();
const faults = (reason: string) =>
  bed.count('kfgw_rbac_stream_faults_total', { type: 'rolebindings', reason });
const loads = (reason: string) =>
  bed.count('kfgw_rbac_relists_total', { type: 'rolebindings', reason });
const watching = () => bed.server.watching('rolebindings') === 1;

/** While nobody watches, a right is withdrawn and others are given. */
function changeUnseen(): void {
  bed.unbind('goes');
  bed.bind('stays');
  bed.bind('comes');
}

describe('a reflector that follows', () => {
  it('asks again from where it is when the server ends the watch', async () => {
    await bed.clock.advance(5_000);
    const { revision } = bed.server;
    bed.server.endWatches('rolebindings');
    await bed.until('watching again', watching);
    const [, head, again] = bed.server.requests.map(({ query }) => Object.fromEntries(query));
    expect(head).toEqual({ limit: '1' });
    expect(again).toMatchObject({ watch: 'true', resourceVersion: revision });
    expect(bed.server.requests).toHaveLength(3);
    expect(faults('short')).toBe(0);
  });

  it('asks from the last bookmark on', async () => {
    for (let i = 0; i < 10; i++) bed.server.touch();
    bed.server.bookmark('rolebindings');
    await bed.until('bookmarked', () => bed.versions.at(-1) === bed.server.revision);
    bed.server.forgetHistory();
    bed.server.cutWatches('rolebindings');
    await bed.passing('watching again', watching);
    expect(loads('gone')).toBe(0);
  });

  it('sees what happened between a cut and the next watch', async () => {
    bed.server.cutWatches('rolebindings');
    changeUnseen();
    await bed.converged();
    expect(names()).toEqual(['comes', 'stays']);
    expect(faults('connection')).toBe(1);
    expect(loads('first')).toBe(1);
  });

  it.each(['status', 'event'] as const)(
    'loads again when its version is gone, told by %s',
    async (how) => {
      bed.server.goneAs = how;
      bed.server.cutWatches('rolebindings');
      changeUnseen();
      bed.server.forgetHistory();
      await bed.converged();
      expect(loads('gone')).toBe(1);
      expect(bed.logs.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  it('loads again when the server says Expired without a number', async () => {
    bed.server.sendError('rolebindings', { reason: 'Expired' });
    await bed.passing('loaded again', () => loads('gone') === 1);
  });

  it('loads again from pages too, beside what is in force', async () => {
    bed.server.knowsWatchList = false;
    bed.server.answerNext(({ query }) => {
      if (query.get('limit') === '500') expect(names()).toEqual(['goes', 'stays']);
      return false;
    });
    bed.server.cutWatches('rolebindings');
    changeUnseen();
    bed.server.forgetHistory();
    await bed.converged();
    expect(names()).toEqual(['comes', 'stays']);
  });

  it('finds its way to a server that was started anew and remembers nothing', async () => {
    await bed.server.stop();
    changeUnseen();
    bed.server.forgetHistory();
    await bed.passing('refused for a while', () => faults('connection') > 5);
    expect(names()).toEqual(['goes', 'stays']);
    await bed.server.listen();
    await bed.converged();
    expect(loads('gone')).toBe(1);
    expect(bed.logs.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('takes a connection on which nothing comes as dead', async () => {
    bed.server.freezeWatches('rolebindings');
    changeUnseen();
    await bed.clock.advance(74_000);
    expect(bed.server.requests).toHaveLength(1);
    await bed.clock.advance(1_000);
    await bed.until('seen on a new one', () => names().includes('comes'));
    await bed.converged();
    expect(faults('connection')).toBe(0);
  });

  it('is fresh again once a watch that was asked for anew has brought nothing', async () => {
    await bed.clock.advance(75_000);
    await bed.until('asked again', () => bed.server.requests.length === 3 && watching());
    expect(reflector.progress.provedMs).toBe(0);
    await bed.passing('proved as of the asking', () => reflector.progress.provedMs === 75_000);
  });

  it.each(['bookmark', 'event'])('is proved fresh by a %s', async (proof) => {
    await bed.clock.advance(20_000);
    expect(reflector.progress.provedMs).toBe(0);
    if (proof === 'event') bed.bind('comes');
    else bed.server.bookmark('rolebindings');
    await bed.until('proved', () => reflector.progress.provedMs === 20_000);
  });

  it.each([
    ['that is cut off', '{"type":"ADDED","object":{"metadata":{"na'],
    [
      'that is cut off within a character',
      Buffer.from('{"type":"ADDED","x":"Jürg').subarray(0, 22),
    ],
  ])('never applies a line %s', async (_, bytes) => {
    bed.server.sendRaw('rolebindings', bytes);
    bed.server.endWatches('rolebindings');
    changeUnseen();
    await bed.converged();
    expect(faults('truncated')).toBe(1);
    expect(loads('first')).toBe(1);
  });

  it('reads a character that arrives in two parts', async () => {
    const metadata = { namespace: 'team-a', name: 'parted', uid: 'u', resourceVersion: '1003' };
    const subjects = [{ kind: 'User', name: 'Jürg' }];
    const roleRef = { kind: 'ClusterRole', name: 'edit' };
    const bytes = Buffer.from(line('ADDED', { metadata, subjects, roleRef }));
    const within = bytes.indexOf(0xc3) + 1;
    bed.server.sendRaw('rolebindings', bytes.subarray(0, within));
    await new Promise((resolve) => setTimeout(resolve, 20));
    bed.server.sendRaw('rolebindings', bytes.subarray(within));
    await bed.until('seen', () => names().includes('parted'));
    expect(bed.sinks.rolebindings.records.at(-1)?.subjects[0]?.name).toBe('Jürg');
  });

  it.each([
    ['that is not JSON', '{"type":"ADDED",}\n'],
    ['that is not UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a])],
    ['that is no event', '{"kind":"Status"}\n'],
    ['of an unknown kind', line('RENAMED', { metadata: { resourceVersion: '1004' } })],
    ['without a version', line('ADDED', { metadata: { name: 'x' } })],
    ['whose version is no number', line('BOOKMARK', { metadata: { resourceVersion: '0x1' } })],
    ['whose object has no name', line('MODIFIED', { metadata: { resourceVersion: '1004' } })],
  ])('loads again after a line %s', async (_, bytes) => {
    bed.server.sendRaw('rolebindings', bytes);
    changeUnseen();
    await bed.converged();
    expect(faults('malformed')).toBe(1);
    await bed.passing('loaded again', () => loads('malformed') === 1);
  });

  it('loads again after a line without an end', async () => {
    bed.server.sendRaw('rolebindings', Buffer.alloc(17 * 1_048_576, 0x20));
    await bed.passing('loaded again', () => loads('oversized') === 1);
  });

  it('resumes after a failure of the server, and loads again after many', async () => {
    const fail = () => {
      bed.server.answerNext(({ query }, response) => {
        if (!query.has('resourceVersion')) return false;
        sendStatus(response, 500, 'InternalError');
        fail();
        return true;
      });
    };
    fail();
    bed.server.sendError('rolebindings', { code: 500, reason: 'InternalError' });
    await bed.passing('failed often', () => faults('status') === 3);
    expect(loads('status')).toBe(0);
    await bed.passing('loaded again', () => loads('status') === 1);
  });

  it('waits before it asks again when a watch says that it was asked wrongly', async () => {
    bed.server.sendError('rolebindings', { code: 422, reason: 'Invalid' });
    await bed.until('noticed', () => faults('status') === 1);
    expect(bed.server.requests).toHaveLength(1);
    changeUnseen();
    await bed.converged();
  });

  it('resumes at a replica that is behind as soon as it is not', async () => {
    bed.server.answerNext((_, response) => {
      sendStatus(response, 504, 'Timeout', {
        message: 'Too large resource version: 1002, current: 1001',
      });
      return true;
    });
    bed.server.cutWatches('rolebindings');
    changeUnseen();
    await bed.converged();
    expect(faults('too_large_version')).toBe(1);
    expect(loads('first')).toBe(1);
  });

  it('waits longer and longer where watches end as soon as they begin', async () => {
    const end = () => {
      bed.server.answerNext(({ query }, response) => {
        if (!query.has('watch')) return false;
        response.end();
        end();
        return true;
      });
    };
    end();
    bed.server.cutWatches('rolebindings');
    for (let second = 0; second < 60; second++) {
      await bed.clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(faults('short')).toBeGreaterThan(3);
    expect(bed.server.requests.length).toBeLessThan(24);
  });

  it('is soon back where something in between cuts it off every minute', async () => {
    for (let minute = 1; minute <= 8; minute++) {
      await bed.until('watching', watching);
      bed.bind('stays');
      await bed.until('followed', () => bed.versions.at(-1) === bed.server.revision);
      await bed.clock.advance(60_000);
      bed.server.cutWatches('rolebindings');
      await bed.until('noticed', () => faults('connection') === minute);
      await bed.clock.advance(402);
    }
    await bed.until('watching', watching);
  });

  it('does not let a repeated event bring a right back', async () => {
    const [, goes] = bed.server.objects('rolebindings');
    bed.unbind('goes');
    bed.server.sendRaw('rolebindings', line('ADDED', goes));
    bed.server.sendRaw('rolebindings', line('MODIFIED', goes));
    bed.bind('comes');
    await bed.until('all seen', () => names().includes('comes'));
    expect(names()).toEqual(['comes', 'stays']);
    expect(bed.count('kfgw_rbac_objects', { type: 'rolebindings' })).toBe(2);
    expect(bed.count('kfgw_rbac_watch_events_total', { type: 'rolebindings' })).toBeGreaterThan(0);
  });

  it('does nothing about the deletion of what it never saw', async () => {
    const metadata = { namespace: 'team-a', name: 'unknown', resourceVersion: '1003' };
    const roleRef = { kind: 'Role', name: 'x' };
    bed.server.sendRaw('rolebindings', line('DELETED', { metadata, roleRef }));
    await bed.until('seen', () => bed.versions.at(-1) === '1003');
    expect(names()).toEqual(['goes', 'stays']);
  });

  it('tells an object from the one that had its name before', async () => {
    const uid = () => bed.sinks.rolebindings.records.find(({ name }) => name === 'goes')?.uid;
    const before = uid();
    bed.server.cutWatches('rolebindings');
    bed.unbind('goes');
    bed.bind('goes');
    await bed.converged();
    expect(uid()).not.toBe(before);
  });

  it('takes a right away where the object that gave it cannot be read any more', async () => {
    bed.server.put('rolebindings', {
      metadata: { namespace: 'team-a', name: 'goes' },
      roleRef: { kind: 'ClusterRole', name: 'edit' },
      subjects: 'everybody',
    });
    await bed.until('gone', () => names().length === 1);
    expect(names()).toEqual(['stays']);
    expect(bed.count('kfgw_rbac_unreadable_objects_total', { type: 'rolebindings' })).toBe(1);
    expect(bed.logs.at(-1)).toMatchObject({ level: 'error', fields: { name: 'goes' } });
    bed.bind('goes');
    await bed.converged();
  });

  it('loads again from a server that was restored while it was away, and says nothing of it', async () => {
    await bed.server.stop();
    bed.server.goBackTo(500);
    bed.unbind('goes');
    await bed.server.listen();
    await bed.passing('loaded again', () => loads('went_back') === 1);
    await bed.converged();
    expect(names()).toEqual(['stays']);
  });

  it('loads again from a server whose versions have gone back', async () => {
    bed.server.goBackTo(500);
    bed.unbind('goes');
    bed.server.bookmark('rolebindings');
    await bed.passing('loaded again', () => loads('went_back') === 1);
    await bed.converged();
    expect(names()).toEqual(['stays']);
  });

  it('keeps up with a flood of changes while it loads again', async () => {
    for (let i = 0; i < 300; i++) bed.bind(`flood-${i}`);
    bed.server.cutWatches('rolebindings');
    bed.server.forgetHistory();
    bed.bind('stays');
    bed.server.forgetHistory();
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 20; i++) {
        const name = `flood-${round * 7 + i}`;
        if (i % 3 === 0) bed.unbind(name);
        else bed.bind(name);
      }
      await bed.clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await bed.converged();
    expect(loads('gone')).toBe(1);
  });

  it('stays where it was when a fault of our own keeps an event out, and loads again', async () => {
    const onChange = bed.sinks.rolebindings.onChange;
    bed.sinks.rolebindings.onChange = () => {
      bed.sinks.rolebindings.onChange = onChange;
      throw new Error('our own fault');
    };
    changeUnseen();
    await bed.passing('loaded again', () => loads('internal') === 1);
    await bed.converged();
  });

  it('asks again on a new connection when it is told to', async () => {
    bed.server.freezeWatches('rolebindings');
    changeUnseen();
    reflector.reopen();
    await bed.until('seen', () => names().includes('comes'));
  });

  it('ends when it is closed, and says nothing of it', async () => {
    await reflector.close();
    await bed.until('no watch is open', () => bed.server.watching('rolebindings') === 0);
    await bed.clock.advance(600_000);
    expect(bed.server.requests).toHaveLength(1);
    expect(bed.logs.filter(({ level }) => level !== 'info')).toEqual([]);
  });
});
