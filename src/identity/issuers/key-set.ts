// Owns an issuer's key set (RFC 7517 section 5) as it is looked into: the usable keys by their names.
import { fieldsOf } from '../../kernel/fields.ts';
import { readPublicKey, type PublicKey } from './public-key.ts';

export class KeySet {
  readonly keys: readonly PublicKey[];
  readonly #byKid: ReadonlyMap<string | undefined, readonly PublicKey[]>;

  constructor(keys: readonly PublicKey[]) {
    this.keys = keys;
    this.#byKid = Map.groupBy(keys, ({ kid }) => kid);
  }

  /** The keys of that name, usually one; all keys for a token that names none (RFC 7515 section 4.1.4). */
  named(kid: string | undefined): readonly PublicKey[] {
    return kid === undefined ? this.keys : (this.#byKid.get(kid) ?? []);
  }
}

/** Throws TypeError for what is no key set, and for one of which no key can be used: it would refuse everybody. */
export function readKeySet(value: unknown): KeySet {
  const { keys } = fieldsOf(value);
  if (!Array.isArray(keys)) throw new TypeError('no key set');
  const usable = keys.map(readPublicKey).filter((key) => key !== undefined);
  if (usable.length === 0) throw new TypeError('no usable key in the key set');
  return new KeySet(usable);
}
