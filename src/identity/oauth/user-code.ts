// Owns the code that a person types from one device into another (RFC 8628 section 6.1).
import type { Random } from '../../kernel/random.ts';

/** No vowels, so no words; all of one case, and nothing that looks like something else. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;
/** The largest multiple of the alphabet's size that a byte holds: what is beyond would favour some letters. */
const FAIR_BYTES = 256 - (256 % LETTERS.length);
const USER_CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);

/** A new code: one of 20^8. */
export function newUserCode(random: Random): string {
  let code = '';
  while (code.length < LENGTH) {
    for (const byte of random.bytes(LENGTH)) {
      if (byte < FAIR_BYTES && code.length < LENGTH) code += LETTERS.charAt(byte % LETTERS.length);
    }
  }
  return code;
}

/** As it is shown: `WDJB-MJHT`. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/** The code that a person meant: case, spaces and dashes do not count. Undefined when it is none. */
export function readUserCode(typed: string): string | undefined {
  if (typed.length > 40) return undefined;
  const code = typed.replaceAll(/[\s\p{Pd}]/gu, '').toUpperCase();
  return USER_CODE.test(code) ? code : undefined;
}
