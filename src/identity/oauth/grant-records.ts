// Owns the records of grants that wait to be redeemed: in the session store, sealed, found by a hash.
import { z } from 'zod';
import { parseTokenScope } from '../bearer/token-scope.ts';
import { StoreUnavailable, type RecordStore } from '../session/record-store.ts';
import type { RecordPlace, RecordPurpose, RecordSealer } from '../session/sealed-record.ts';

const grant = z.strictObject({
  wish: z.strictObject({
    name: z.string(),
    scope: z.string().refine((text) => parseTokenScope(text) !== undefined),
    lifetimeMs: z.int().positive(),
  }),
  /** What whoever redeems it has to show. */
  binding: z.string(),
  /** Milliseconds since the epoch. */
  expiresAtMs: z.int(),
  progress: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('pending') }),
    z.strictObject({ kind: z.literal('denied') }),
    z.strictObject({ kind: z.literal('approved'), person: z.string() }),
    /** `login` is the handle of what came of it; undefined while it is being made, and once it was revoked. */
    z.strictObject({
      kind: z.literal('redeemed'),
      person: z.string(),
      login: z.string().optional(),
    }),
  ]),
});

/** What a person was asked, or has been, and what came of it. `wish.scope` is the text of a scope. */
export type Grant = Readonly<z.infer<typeof grant>>;

export interface StoredGrant {
  readonly key: GrantKey;
  readonly grant: Grant;
  readonly revision: number;
  /** When it was asked for the last time, in milliseconds since the epoch. */
  readonly lastAskedAtMs: number;
}

/** Where a grant stands in the store: what it is for, and a hash. */
export interface GrantKey {
  readonly purpose: Extract<RecordPurpose, 'authorization-code' | 'device-request'>;
  readonly hash: string;
}

/** Every method may throw StoreUnavailable. */
export class GrantRecords {
  readonly #store: RecordStore;
  readonly #sealer: Pick<RecordSealer, 'seal' | 'open'>;

  constructor(store: RecordStore, sealer: Pick<RecordSealer, 'seal' | 'open'>) {
    this.#store = store;
    this.#sealer = sealer;
  }

  /** The store forgets the grant at `untilMs`. */
  create(
    key: GrantKey,
    given: { readonly grant: Grant; readonly askedAtMs: number; readonly untilMs: number },
  ): Promise<'created' | 'exists'> {
    const name = nameOf(key);
    return this.#store.createSession(name, {
      sealed: this.#seal(key, given.grant),
      lastUsedAtMs: given.askedAtMs,
      expiresAtMs: given.untilMs,
      // The store's index by person is for logout, which does not concern what is no session.
      person: name,
      providerSid: undefined,
    });
  }

  /** Undefined when there is none that can be believed. */
  async read(key: GrantKey): Promise<StoredGrant | undefined> {
    const stored = await this.#store.readSession(nameOf(key));
    if (stored.kind !== 'live') return undefined;
    const opened = this.#sealer.open(placeOf(key), stored.sealed);
    if (opened.kind === 'unknown-key') throw new StoreUnavailable('the key of a grant is unknown');
    const parsed = opened.kind === 'opened' ? parseGrant(opened.plaintext) : undefined;
    if (parsed === undefined) return undefined;
    const { revision, lastUsedAtMs } = stored;
    return { key, grant: parsed, revision, lastAskedAtMs: lastUsedAtMs };
  }

  /** Writes the next state; undefined when somebody else did. */
  async advance(found: StoredGrant, progress: Grant['progress']): Promise<StoredGrant | undefined> {
    const { key, revision } = found;
    const next: Grant = { ...found.grant, progress };
    const written = await this.#store.replaceSession(nameOf(key), this.#seal(key, next), revision);
    return written === 'written' ? { ...found, grant: next, revision: revision + 1 } : undefined;
  }

  asked({ key }: StoredGrant, atMs: number): Promise<void> {
    return this.#store.touchSessions(new Map([[nameOf(key), atMs]]));
  }

  #seal(key: GrantKey, sealed: Grant): Buffer {
    return this.#sealer.seal(placeOf(key), JSON.stringify(sealed));
  }
}

const PREFIX: Readonly<Record<GrantKey['purpose'], string>> = {
  'authorization-code': 'code:',
  'device-request': 'device:',
};

function nameOf({ purpose, hash }: GrantKey): string {
  return PREFIX[purpose] + hash;
}

function placeOf(key: GrantKey): RecordPlace {
  return { purpose: key.purpose, name: nameOf(key) };
}

/** Sealed by us, but maybe by another release: what does not fit is no grant. */
function parseGrant(text: string): Grant | undefined {
  const parsed = grant.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
