// Owns closing a connection whose client may still be sending, so that it can read the answer first.
import type { Socket } from 'node:net';
import type { Clock } from '../kernel/clock.ts';

/** How long a client has to read the answer before the connection is torn down. */
const LINGER_MS = 500;

const closing = new WeakSet<Socket>();

/** True when the connection has its last answer: whatever else arrives on it is ignored. */
export function isClosing(socket: Socket): boolean {
  return closing.has(socket);
}

/**
 * Makes `node:http` end this connection gently once its answer is written, which it does with
 * `destroySoon`. To be called when that answer is begun: nothing after it is read any more.
 */
export function closeGently(socket: Socket, clock: Clock): void {
  closing.add(socket);
  socket.destroySoon = () => {
    endGently(socket, clock);
  };
}

/**
 * Ends our side now, and destroys the socket when the other side has not ended by LINGER_MS.
 * Destroying a socket that has unread input sends RST, upon which the client's system may throw the
 * answer away unread (RFC 9112 section 9.6); what comes until then is dropped.
 */
export function endGently(socket: Socket, clock: Clock): void {
  closing.add(socket);
  socket.end();
  socket.resume();
  const cancel = clock.after(LINGER_MS, () => {
    socket.destroy();
  });
  socket.once('close', cancel);
}
