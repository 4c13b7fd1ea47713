// Owns the bytes of one open WebSocket: both directions with backpressure, and its orderly end.
import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../kernel/clock.ts';
import { closeFrame, FrameFollower } from './frame-follower.ts';

/** How long the gateway's own close may take before the connection is destroyed. */
const CLOSE_DEADLINE_MS = 500;
/** How long one side may stay open after the other has ended: a WebSocket is not used half. */
const HALF_OPEN_MS = 10_000;
const TCP_KEEP_ALIVE_MS = 30_000;

export interface TunnelParts {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly clock: Clock;
  /** The person sent a message (pings and pongs are the browser's own). */
  readonly onClientMessage: () => void;
  /** The client's side has ended; called once. */
  readonly onClosed: () => void;
}

export class Tunnel {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #clock: Clock;
  readonly #onClientMessage: () => void;
  readonly #fromUpstream = new FrameFollower();
  readonly #fromClient = new FrameFollower();
  #closing: Buffer | undefined = undefined;
  #deadline: Cancel | undefined = undefined;

  constructor(parts: TunnelParts) {
    this.#client = parts.client;
    this.#upstream = parts.upstream;
    this.#clock = parts.clock;
    this.#onClientMessage = parts.onClientMessage;
    for (const socket of [parts.client, parts.upstream]) {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
      socket.on('error', () => undefined); // 'close' follows and says all that matters.
    }
    this.#listen(parts.onClosed);
  }

  /**
   * Closes with a code and a reason that the client can read. Its bytes stop at once; the close
   * frame goes out when the upstream's frame under way has ended (RFC 6455 section 5.4: frames are
   * never interleaved), or never, when that takes longer than CLOSE_DEADLINE_MS.
   * Returns false when it is closing already.
   */
  close(code: number, reason: string): boolean {
    if (this.#closing !== undefined) return false;
    this.#closing = closeFrame(code, reason);
    this.#limit(CLOSE_DEADLINE_MS);
    this.#client.resume();
    if (this.#fromUpstream.isBetweenFrames) this.#sendClose(this.#closing);
    return true;
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #listen(onClosed: () => void): void {
    const [client, upstream] = [this.#client, this.#upstream];
    upstream.on('data', (chunk: Buffer) => {
      this.#toClient(chunk);
    });
    client.on('data', (chunk: Buffer) => {
      this.#toUpstream(chunk);
    });
    upstream.on('drain', () => client.resume());
    client.on('drain', () => upstream.resume());
    upstream.once('end', () => {
      this.#end(client);
    });
    client.once('end', () => {
      this.#end(upstream);
    });
    upstream.once('close', () => {
      // An upstream that broke off has not ended its stream, and so must not look as if it had.
      if (!upstream.readableEnded && this.#closing === undefined) client.destroy();
    });
    client.once('close', () => {
      this.#deadline?.();
      upstream.destroy();
      onClosed();
    });
  }

  #toClient(chunk: Buffer): void {
    if (this.#closing === undefined) {
      this.#fromUpstream.follow(chunk);
      this.#writeToClient(chunk);
      return;
    }
    this.#writeToClient(chunk.subarray(0, this.#fromUpstream.advance(chunk, 0)));
    if (this.#fromUpstream.isBetweenFrames) this.#sendClose(this.#closing);
  }

  #writeToClient(bytes: Buffer): void {
    if (!this.#client.write(bytes)) this.#upstream.pause();
  }

  #toUpstream(chunk: Buffer): void {
    if (this.#closing !== undefined || !this.#upstream.writable) return;
    const before = this.#fromClient.dataFrames;
    this.#fromClient.follow(chunk);
    if (this.#fromClient.dataFrames !== before) this.#onClientMessage();
    if (!this.#upstream.write(chunk)) this.#client.pause();
  }

  /** The client answers the close frame or ends; what it sends until then is read and dropped. */
  #sendClose(frame: Buffer): void {
    this.#upstream.destroy();
    this.#client.end(frame);
  }

  #end(other: Socket): void {
    if (this.#closing !== undefined) return;
    other.end();
    this.#limit(HALF_OPEN_MS);
  }

  #limit(afterMs: number): void {
    this.#deadline?.();
    this.#deadline = this.#clock.after(afterMs, () => {
      this.destroy();
    });
  }
}
