// Owns what the demo's provider remembers: everything in memory, gone with the process.
import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  readonly expiresAtMs: number;
}

/** An adapter per kind of artifact, all over one map. */
export function createProviderStore(): (kind: string) => Adapter {
  const entries = new Map<string, Entry>();
  const read = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    if (entry !== undefined && entry.expiresAtMs > Date.now()) return entry.payload;
    entries.delete(key);
    return undefined;
  };
  const findBy = (test: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
    [...entries.keys()].map(read).find((payload) => payload !== undefined && test(payload));
  return (kind) => ({
    upsert(id, payload, expiresInSec = Infinity) {
      entries.set(`${kind}:${id}`, { payload, expiresAtMs: Date.now() + expiresInSec * 1000 });
      return Promise.resolve();
    },
    find: (id) => Promise.resolve(read(`${kind}:${id}`)),
    findByUid: (uid) => Promise.resolve(findBy((payload) => payload.uid === uid)),
    findByUserCode: (code) => Promise.resolve(findBy((payload) => payload.userCode === code)),
    consume(id) {
      const payload = read(`${kind}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      return Promise.resolve();
    },
    destroy(id) {
      entries.delete(`${kind}:${id}`);
      return Promise.resolve();
    },
    revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) {
        if (payload.grantId === grantId) entries.delete(key);
      }
      return Promise.resolve();
    },
  });
}
