// The request vectors with a bearer token where they have the session's cookie: which rows, and what changes.
import { readVectors, type Vector } from './schema.ts';

/** A browser never leaves it out, so that a WebSocket without Origin is a program's, whose token is welcome. */
const WITHOUT_ORIGIN = 'websocket-missing';

/**
 * Every row of a signed-in person but those that are about the cookie itself or about Authorization. Decisions are the
 * same, with one exception: what no browser sent cannot be another site's doing.
 */
export function bearerVectors(): readonly Vector[] {
  return readVectors()
    .filter(canCarryToken)
    .map((vector) =>
      vector.id === WITHOUT_ORIGIN
        ? { ...vector, expect: { status: 101, forwarded: true } }
        : vector,
    );
}

function canCarryToken(vector: Vector): boolean {
  if (vector.session === 'none') return false;
  if ('raw' in vector)
    return vector.raw.includes('Cookie: {session}\r\n') && !/\nauthorization:/i.test(vector.raw);
  return vector.headers.every(
    ([name, value]) => name.toLowerCase() !== 'authorization' && !value.includes('{session'),
  );
}
