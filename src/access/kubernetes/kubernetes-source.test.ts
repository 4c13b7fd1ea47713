import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendStatus } from '../../../test/fixtures/api-answers.ts';
import { ReflectorBed, evenRandom } from '../../../test/fixtures/reflector-bed.ts';
import type { PolicySource } from '../policy-source.ts';
import { watchedTypes } from '../rbac/rbac-records.ts';
import { ApiCredentials } from './api-credentials.ts';
import { createKubernetesSource } from './create-kubernetes-source.ts';

const MINUTE_MS = 60_000;
const CANARY = { namespace: 'kubeflow', name: 'canary', everyMs: 5_000, staleAfterMs: 15_000 };

let bed: ReflectorBed;
beforeEach(async () => {
  bed = await ReflectorBed.start();
});
afterEach(() => bed.close());

function open({ canary = false, staleAfterMs = 90_000 } = {}): PolicySource {
  const source = createKubernetesSource(
    new ApiCredentials({ server: bed.server.url }),
    { staleAfterMs, degradedForMs: 5 * MINUTE_MS, canary: { ...CANARY, enabled: canary } },
    {
      clock: bed.clock,
      random: evenRandom,
      logger: bed.logger,
      metrics: bed.metrics,
      sinks: bed.sinks,
    },
  );
  bed.add(() => source.close());
  return source;
}

async function opened(options?: Parameters<typeof open>[0]): Promise<PolicySource> {
  const source = open(options);
  await bed.until('current', () => source.state().kind === 'current');
  return source;
}

const state = (name: string) => bed.count('kfgw_rbac_state', { state: name });

describe('a source of policy that follows an API server', () => {
  it('is loading until all six types have been loaded, and names those that are not', async () => {
    let isForbidden = true;
    const forbid = () => {
      bed.server.answerNext(({ of }, response) => {
        if (of !== 'clusterroles' || !isForbidden) return false;
        sendStatus(response, 403, 'Forbidden');
        forbid();
        return true;
      });
    };
    forbid();
    const source = open();
    const missing = (one = source.state()) => (one.kind === 'loading' ? one.missing : []);
    expect(missing().toSorted()).toEqual(watchedTypes.toSorted());
    await bed.until('all but one', () => missing().length === 1);
    await bed.until('told', () => 'problem' in source.state());
    expect(source.state()).toMatchObject({
      missing: ['clusterroles'],
      problem: expect.stringContaining('watch clusterroles.rbac.authorization.k8s.io') as string,
    });
    expect(state('loading')).toBe(1);
    isForbidden = false;
    await bed.passing('current', () => source.state().kind === 'current');
  });

  it('is current as long as every type is proved fresh', async () => {
    const source = await opened();
    for (let minute = 0; minute < 20; minute++) {
      await bed.clock.advance(MINUTE_MS);
      expect(source.state().kind).toBe('current');
      const askedMs = bed.clock.monotonicMs();
      for (const type of watchedTypes) bed.server.bookmark(type);
      await bed.until('proved', () => source.ageMs() === 0);
      expect(bed.clock.monotonicMs()).toBe(askedMs);
    }
    expect(bed.server.requests).toHaveLength(6);
  });

  it('stays current where the server sends no bookmarks but lets itself be asked again', async () => {
    const source = await opened();
    for (let round = 0; round < 10; round++) {
      await bed.clock.advance(75_000);
      await bed.passing('proved by asking again', () => {
        expect(source.state().kind).toBe('current');
        return source.ageMs() < 10_000;
      });
    }
    expect(bed.logs.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('is degraded without the API server, then expired, then current again', async () => {
    const source = await opened();
    await bed.server.stop();
    await bed.until('noticed', () => bed.logs.filter(({ level }) => level === 'warn').length === 6);
    await bed.clock.advance(90_000);
    expect(source.state().kind).toBe('current');
    await bed.clock.advance(1);
    const stale = source.state();
    expect(stale.kind === 'degraded' && stale.stale.toSorted()).toEqual(watchedTypes.toSorted());
    await bed.clock.advance(5 * MINUTE_MS - 1);
    expect(source.state().kind).toBe('degraded');
    expect(source.ageMs()).toBe(90_000 + 5 * MINUTE_MS);
    await bed.clock.advance(1);
    expect(source.state()).toMatchObject({
      kind: 'expired',
      problem: expect.any(String) as string,
    });
    await bed.clock.advance(1_000);
    expect([state('expired'), state('current')]).toEqual([1, 0]);
    expect(bed.count('kfgw_rbac_staleness_seconds', { type: 'roles' })).toBeGreaterThan(390);
    await bed.server.listen();
    await bed.passing('current again', () => source.state().kind === 'current');
  });

  it('counts every type, service accounts and profiles too', async () => {
    const source = await opened();
    bed.server.freezeWatches('profiles');
    const stall = () => {
      bed.server.answerNext(({ of }) => {
        if (of !== 'profiles') return false;
        stall();
        return true;
      });
    };
    stall();
    const others = watchedTypes.filter((type) => type !== 'profiles');
    await bed.clock.advance(60_000);
    for (const type of others) bed.server.bookmark(type);
    await bed.passing('others are fresh', () =>
      others.every((type) => bed.count('kfgw_rbac_staleness_seconds', { type }) < 10),
    );
    expect(source.state().kind).toBe('current');
    await bed.clock.advance(31_000);
    expect(source.state()).toMatchObject({ kind: 'degraded', stale: ['profiles'] });
  });

  it('closes all its connections', async () => {
    const source = await opened({ canary: true });
    await source.close();
    await bed.until('none is left', () => watchedTypes.every((t) => bed.server.watching(t) === 0));
    await bed.clock.advance(10 * MINUTE_MS);
    expect(bed.server.requests).toHaveLength(6);
  });
});

describe('a canary', () => {
  const asked = () => bed.server.requests.filter(({ method }) => method === 'PATCH');
  const seen = () => bed.count('kfgw_rbac_canary_seconds', {});
  const loads = () => bed.server.requests.filter(({ of }) => of === 'rolebindings').length;
  beforeEach(() => {
    const roleRef = { kind: 'Role', name: 'nothing' };
    bed.sinks.rolebindings.onChange = () => undefined;
    bed.server.put('rolebindings', {
      metadata: { namespace: 'kubeflow', name: 'canary' },
      roleRef,
    });
  });

  it('changes an annotation of one RoleBinding, and sees the change come back', async () => {
    const source = await opened({ canary: true });
    const others = watchedTypes.filter((type) => type !== 'rolebindings');
    for (let round = 1; round <= 30; round++) {
      for (const type of others) bed.server.bookmark(type);
      await bed.clock.advance(CANARY.everyMs);
      await bed.until('seen', () => seen() === round);
      expect(source.state().kind).toBe('current');
    }
    expect(asked()[0]?.headers['content-type']).toBe('application/merge-patch+json');
    expect(Object.keys(JSON.parse(asked()[0]?.body ?? '') as object)).toEqual(['metadata']);
    expect(loads()).toBe(1);
  });

  it('makes RoleBindings stale sooner than they would be, and asks for the watch again', async () => {
    const source = await opened({ canary: true });
    await bed.clock.advance(CANARY.everyMs);
    await bed.until('seen', () => seen() === 1);
    bed.server.freezeWatches('rolebindings');
    const hold = () => {
      bed.server.answerNext(({ of, query }) => {
        if (of !== 'rolebindings' || !query.has('watch')) return false;
        hold();
        return true;
      });
    };
    hold();
    await bed.passing('stale', () => source.state().kind === 'degraded');
    expect(source.state()).toMatchObject({ stale: ['rolebindings'] });
    expect(bed.clock.monotonicMs()).toBeLessThan(CANARY.everyMs + CANARY.staleAfterMs + 1_000);
    expect(loads()).toBeGreaterThan(1);
  });

  it('proves nothing, and harms nothing, where it may not change its RoleBinding', async () => {
    const source = await opened({ canary: true });
    const { metadata } = bed.server.objects('rolebindings')[0] ?? { metadata: { name: '' } };
    bed.server.delete('rolebindings', { metadata });
    await bed.passing('refused', () => asked().length === 5);
    await bed.clock.advance(CANARY.staleAfterMs);
    expect(source.state().kind).toBe('current');
    const errors = bed.logs.filter(({ level }) => level === 'error');
    expect(errors.map(({ message }) => message)).toEqual([
      'The canary RoleBinding cannot be changed; it proves nothing.',
    ]);
  });
});
