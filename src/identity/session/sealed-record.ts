// Owns sealing: what a store holds can be read and made only with the gateway's keys, and only in
// the place that it was made for.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../../kernel/random.ts';
import type { Secret } from '../../kernel/secret.ts';
import { prepareKey, type PreparedKey } from './session-keys.ts';

// version (1) | key id (8) | nonce (12) | ciphertext | tag (16)
const VERSION = 1;
const KEY_ID_END = 9;
const NONCE_END = 21;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a record is for; a record of one purpose never opens as another. */
export type RecordPurpose =
  | 'session'
  | 'provider'
  | 'login-attempt'
  | 'login-state'
  /** A personal token or a command-line login, in the store. */
  | 'token'
  /** A short access token of a command-line login. */
  | 'access-token'
  | 'authorization-code'
  | 'device-request'
  /** What a page with a button carries, so that only that page can press it. */
  | 'action-ticket';

/** Where a record belongs: `name` is the hashed id under which the store keeps it. */
export interface RecordPlace {
  readonly purpose: RecordPurpose;
  readonly name: string;
}

export type Opened =
  | { readonly kind: 'opened'; readonly plaintext: string }
  /** No key of ours has this id: a replica with newer keys wrote it, or somebody else did. */
  | { readonly kind: 'unknown-key' }
  /** Truncated, forged, moved from another place, or of a version that this release cannot read. */
  | { readonly kind: 'refused' };

/**
 * AES-256-GCM with a random 96-bit nonce per record. NIST SP 800-38D section 8.3 allows 2^32 such
 * records per key, which is 136 a second for a year. Place, version and key id are authenticated.
 */
export class RecordSealer {
  readonly #keys: () => readonly Secret<Buffer>[];
  readonly #random: Random;

  constructor(keys: () => readonly Secret<Buffer>[], random: Random) {
    this.#keys = keys;
    this.#random = random;
  }

  /** Seals with the first key. Throws RangeError when there is none: a fault of the composition. */
  seal(place: RecordPlace, plaintext: string): Buffer {
    const [first] = this.#keys();
    if (first === undefined) throw new RangeError('there is no key to seal with');
    const { id, sealing } = prepareKey(first);
    const nonce = this.#random.bytes(NONCE_BYTES);
    const header = Buffer.concat([Buffer.from([VERSION]), id]);
    const cipher = createCipheriv('aes-256-gcm', sealing, nonce).setAAD(associated(header, place));
    const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
  }

  /** Opens what any of the keys sealed for exactly this place. Never throws. */
  open(place: RecordPlace, sealed: Buffer): Opened {
    if (sealed.length < NONCE_END + TAG_BYTES || sealed[0] !== VERSION) return { kind: 'refused' };
    const header = sealed.subarray(0, KEY_ID_END);
    const found = this.#byId(header.subarray(1));
    return found === undefined ? { kind: 'unknown-key' } : decipher(found, place, sealed);
  }

  #byId(id: Buffer): PreparedKey | undefined {
    return this.#keys()
      .map(prepareKey)
      .find((key) => key.id.equals(id));
  }
}

function decipher({ sealing }: PreparedKey, place: RecordPlace, sealed: Buffer): Opened {
  const tagStart = sealed.length - TAG_BYTES;
  const nonce = sealed.subarray(KEY_ID_END, NONCE_END);
  const decipher = createDecipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES })
    .setAAD(associated(sealed.subarray(0, KEY_ID_END), place))
    .setAuthTag(sealed.subarray(tagStart));
  try {
    const body = decipher.update(sealed.subarray(NONCE_END, tagStart));
    return { kind: 'opened', plaintext: Buffer.concat([body, decipher.final()]).toString('utf8') };
  } catch {
    return { kind: 'refused' };
  }
}

/** Length-prefixed, so that no two places share their associated data. */
function associated(header: Buffer, { purpose, name }: RecordPlace): Buffer {
  return Buffer.concat([header, lengthPrefixed(purpose), lengthPrefixed(name)]);
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
