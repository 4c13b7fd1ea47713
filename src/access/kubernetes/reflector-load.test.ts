import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { line, sendStatus } from '../../../test/fixtures/api-answers.ts';
import { ReflectorBed } from '../../../test/fixtures/reflector-bed.ts';
import { ApiCredentials } from './api-credentials.ts';
import { RereadFile } from './reread-file.ts';

let bed: ReflectorBed;
beforeEach(async () => {
  bed = await ReflectorBed.start();
});
afterEach(() => bed.close());

const faults = (reason: string) =>
  bed.count('kfgw_rbac_stream_faults_total', { type: 'rolebindings', reason });

describe('a reflector that loads', () => {
  it('takes everything from one stream and follows it there', async () => {
    bed.bind('one');
    bed.bind('two');
    const reflector = bed.reflect('rolebindings');
    await bed.until('loaded', () => reflector.progress.isLoaded);
    bed.bind('three');
    await bed.until('followed', () => bed.sinks.rolebindings.records.length === 3);
    expect(bed.server.requests).toHaveLength(1);
    const [request] = bed.server.requests;
    expect(Object.fromEntries(request?.query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      timeoutSeconds: '450',
    });
    expect(bed.count('kfgw_rbac_objects', { type: 'rolebindings' })).toBe(3);
    expect(bed.versions.at(-1)).toBe(bed.server.revision);
  });

  it('takes pages of 500 where the server does not know the stream, and follows from there', async () => {
    bed.server.knowsWatchList = false;
    for (let i = 0; i < 1203; i++) bed.bind(`binding-${i}`);
    const reflector = bed.reflect('rolebindings');
    await bed.converged();
    bed.unbind('binding-7');
    await bed.converged();
    expect(reflector.progress.isLoaded).toBe(true);
    const queries = bed.server.requests.map(({ query }) => Object.fromEntries(query));
    expect(queries.slice(1, 4)).toEqual([
      { limit: '500' },
      { limit: '500', continue: 'next-0' },
      { limit: '500', continue: 'next-1' },
    ]);
    expect(queries[4]).toEqual({ limit: '1' });
    expect(queries[5]).toMatchObject({ watch: 'true', resourceVersion: '2203' });
  });

  it('asks for no more of service accounts than their metadata', async () => {
    const reflector = bed.reflect('serviceaccounts');
    bed.server.put('serviceaccounts', { metadata: { namespace: 'team-a', name: 'editor' } });
    await bed.converged('serviceaccounts');
    expect(reflector.progress.isLoaded).toBe(true);
    const { headers } = bed.server.requests[0] ?? {};
    expect(headers?.accept).toContain('as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
  });

  it('takes pages from a server that streams but does not say where the objects end', async () => {
    bed.bind('one');
    bed.server.answerNext(({ query }, response) => {
      if (!query.has('sendInitialEvents')) return false;
      for (const object of bed.server.objects('rolebindings'))
        response.write(line('ADDED', object));
      response.write(line('BOOKMARK', { metadata: { resourceVersion: '1001' } }));
      return true;
    });
    bed.reflect('rolebindings');
    await bed.converged();
    expect(bed.server.requests[1]?.query.get('limit')).toBe('500');
  });

  it('takes pages where the stream of objects stops half way', async () => {
    bed.bind('one');
    bed.bind('two');
    bed.server.answerNext((_, response) => {
      response.write(line('ADDED', bed.server.objects('rolebindings')[0]));
      return true;
    });
    const reflector = bed.reflect('rolebindings');
    await bed.until('asked', () => bed.server.requests.length === 1);
    await bed.passing('given up', () => faults('silent') === 1);
    expect(reflector.progress.isLoaded).toBe(false);
    expect(bed.sinks.rolebindings.records).toEqual([]);
    await bed.converged();
  });

  it.each(['end', 'destroy'] as const)(
    'begins again after a stream that %ss half way',
    async (how) => {
      bed.bind('one');
      bed.bind('two');
      bed.server.answerNext((_, response) => {
        response.write(line('ADDED', bed.server.objects('rolebindings')[0]), () => response[how]());
        return true;
      });
      const reflector = bed.reflect('rolebindings');
      await bed.converged();
      expect(reflector.progress.isLoaded).toBe(true);
      expect(faults(how === 'end' ? 'truncated' : 'connection')).toBe(1);
    },
  );

  it('leaves out what was deleted while the objects were being sent', async () => {
    bed.bind('stays');
    bed.bind('goes');
    bed.server.answerNext(({ query }, response) => {
      if (!query.has('sendInitialEvents')) return false;
      const [stays, goes] = bed.server.objects('rolebindings');
      for (const object of [stays, goes]) response.write(line('ADDED', object));
      bed.unbind('goes');
      response.write(
        line('DELETED', { ...goes, metadata: { ...goes?.metadata, resourceVersion: '1003' } }),
      );
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      response.write(line('BOOKMARK', { metadata: { resourceVersion: '1003', annotations } }));
      return true;
    });
    bed.reflect('rolebindings');
    await bed.converged();
    expect(bed.server.requests).toHaveLength(1);
    expect(bed.count('kfgw_rbac_objects', { type: 'rolebindings' })).toBe(1);
  });

  it('begins again when the next page is out of the history, and shows nothing before', async () => {
    bed.server.knowsWatchList = false;
    for (let i = 0; i < 600; i++) bed.bind(`binding-${i}`);
    bed.server.answerNext(({ query }, response) => {
      if (!query.has('continue')) return false;
      expect(bed.sinks.rolebindings.records).toEqual([]);
      bed.unbind('binding-3');
      bed.server.expireContinuations();
      sendStatus(response, 410, 'Expired');
      return true;
    });
    bed.reflect('rolebindings');
    await bed.converged();
    expect(bed.sinks.rolebindings.records).toHaveLength(599);
  });

  it('takes smaller pages where objects are so large that a page would be', async () => {
    bed.server.knowsWatchList = false;
    for (let i = 0; i < 120; i++) {
      const annotations = { note: 'x'.repeat(60_000) };
      bed.server.put('serviceaccounts', {
        metadata: { namespace: 'a', name: `sa-${i}`, annotations },
      });
    }
    bed.reflect('serviceaccounts');
    await bed.converged('serviceaccounts');
    const limits = bed.server.requests.map(({ query }) => query.get('limit'));
    expect(limits.slice(1, 5)).toEqual(['500', '100', '20', '40']);
  });

  it('comes back to large pages behind an object that is large: anybody may make one', async () => {
    bed.server.knowsWatchList = false;
    const note = 'x'.repeat(2_100_000);
    const metadata = { namespace: 'a', name: 'large', annotations: { note } };
    bed.server.put('serviceaccounts', { metadata });
    for (let i = 0; i < 1_200; i++)
      bed.server.put('serviceaccounts', { metadata: { namespace: 'b', name: `sa-${i}` } });
    bed.reflect('serviceaccounts');
    await bed.converged('serviceaccounts');
    expect(bed.server.requests.length).toBeLessThan(20);
  });

  it('names the right that is missing, logs it once, and is not loaded until it is given', async () => {
    let isForbidden = true;
    const forbid = () => {
      bed.server.answerNext((_, response) => {
        if (!isForbidden) return false;
        sendStatus(response, 403, 'Forbidden');
        forbid();
        return true;
      });
    };
    forbid();
    const reflector = bed.reflect('rolebindings');
    await bed.passing('asked often', () => faults('forbidden') > 3);
    expect(reflector.progress.isLoaded).toBe(false);
    expect(reflector.progress.problem).toContain(
      'the right to watch rolebindings.rbac.authorization.k8s.io in all namespaces is missing',
    );
    expect(bed.logs.filter(({ level }) => level === 'error')).toHaveLength(1);
    isForbidden = false;
    await bed.passing('loaded', () => reflector.progress.isLoaded);
    expect(reflector.progress.problem).toBeUndefined();
  });

  it('takes a type that is not installed as loaded and empty, and looks for it again', async () => {
    bed.server.absent.add('profiles');
    const reflector = bed.reflect('profiles');
    await bed.until('loaded', () => reflector.progress.isLoaded);
    const loadedMs = reflector.progress.provedMs;
    await bed.clock.advance(30_000);
    await bed.until('proved again', () => reflector.progress.provedMs > loadedMs);
    bed.server.absent.clear();
    const spec = { owner: { kind: 'User', name: 'alice' } };
    bed.server.put('profiles', { metadata: { name: 'team-a' }, spec });
    await bed.converged('profiles');
    expect(bed.sinks.profiles.records).toHaveLength(1);
  });

  it('never takes a type of Kubernetes itself as not installed', async () => {
    bed.server.absent.add('rolebindings');
    const reflector = bed.reflect('rolebindings');
    await bed.passing('asked often', () => bed.server.requests.length > 3);
    expect(reflector.progress.isLoaded).toBe(false);
    expect(reflector.progress.problem).toContain('are not served');
  });

  it('waits for as long as the server asks it to', async () => {
    bed.server.answerNext((_, response) => {
      response.setHeader('retry-after', '7');
      sendStatus(response, 429, 'TooManyRequests');
      return true;
    });
    bed.reflect('rolebindings');
    await bed.until('refused', () => faults('throttled') === 1);
    await bed.clock.advance(7_000);
    expect(bed.server.requests).toHaveLength(1);
    await bed.converged();
    await bed.passing('asked again', () => bed.server.requests.length === 2);
  });

  it('asks again where a replica of the server is behind', async () => {
    bed.bind('one');
    bed.server.answerNext((_, response) => {
      const details = { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 };
      sendStatus(response, 504, 'Timeout', { details });
      return true;
    });
    bed.reflect('rolebindings');
    await bed.converged();
    expect(faults('too_large_version')).toBe(1);
  });

  it('reads the token anew when it is not accepted, and asks once more at once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'token-'));
    bed.add(() => rm(directory, { recursive: true }));
    const file = join(directory, 'token');
    await writeFile(file, 'first\n');
    bed.server.token = 'first';
    const token = new RereadFile(file, bed.clock);
    const credentials = new ApiCredentials({ server: bed.server.url, token });
    const reflector = bed.reflect('rolebindings', credentials);
    await bed.until('loaded', () => reflector.progress.isLoaded);
    bed.server.token = 'second';
    await writeFile(file, 'second\n');
    bed.server.endWatches('rolebindings');
    await bed.until('asked with the new one', () => bed.server.watching('rolebindings') === 1);
    expect(faults('unauthorized')).toBe(0);
    bed.server.token = 'third';
    bed.server.cutWatches('rolebindings');
    await bed.passing('refused', () => faults('unauthorized') > 0);
    expect(JSON.stringify(bed.logs)).not.toContain('second');
    await writeFile(file, 'third\n');
    bed.bind('one');
    await bed.converged();
  });

  it('is not disturbed by doubts about its stream', async () => {
    bed.bind('one');
    bed.bind('two');
    let goOn = (): void => undefined;
    bed.server.answerNext((_, response) => {
      const [one, two] = bed.server.objects('rolebindings');
      response.write(line('ADDED', one));
      goOn = () => {
        const annotations = { 'k8s.io/initial-events-end': 'true' };
        response.write(line('ADDED', two));
        response.write(line('BOOKMARK', { metadata: { resourceVersion: '1002', annotations } }));
      };
      return true;
    });
    const reflector = bed.reflect('rolebindings');
    await bed.until('asked', () => bed.server.requests.length === 1);
    reflector.reopen();
    goOn();
    await bed.converged();
    expect(bed.server.requests).toHaveLength(1);
  });

  it('lets others have their turn while it loads', async () => {
    for (let i = 0; i < 4_000; i++) bed.bind(`binding-${i}`);
    const reflector = bed.reflect('rolebindings');
    let turns = 0;
    while (!reflector.progress.isLoaded) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    expect(turns).toBeGreaterThan(4_000 / 250);
  });
});
