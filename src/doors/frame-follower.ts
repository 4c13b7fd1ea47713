// Owns following one direction of a WebSocket by the lengths of its frames; payloads are never
// looked at.

/** Largest header: 2 bytes, 8 of extended length, 4 of mask (RFC 6455 section 5.2). */
const MAX_HEADER_BYTES = 14;
const FIRST_CONTROL_OPCODE = 0x8;

/** Knows after every byte whether it stands between two frames. */
export class FrameFollower {
  readonly #header = new Uint8Array(MAX_HEADER_BYTES);
  readonly #view = new DataView(this.#header.buffer);
  #headerBytes = 0;
  #payloadLeft = 0;
  #dataFrames = 0;

  /** Whether the last byte seen ended a frame, or none was seen. */
  get isBetweenFrames(): boolean {
    return this.#headerBytes === 0 && this.#payloadLeft === 0;
  }

  /** Data frames begun so far; pings, pongs and closes do not count. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  /** Advances over the whole chunk. */
  follow(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at = this.advance(chunk, at);
  }

  /** Advances to the end of the frame under way or of the chunk; returns the offset reached. */
  advance(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.#payloadLeft === 0) {
      const byte = chunk[at];
      if (byte === undefined) return at;
      at++;
      this.#takeHeaderByte(byte);
      if (this.isBetweenFrames) return at;
    }
    const taken = Math.min(this.#payloadLeft, chunk.length - at);
    this.#payloadLeft -= taken;
    return at + taken;
  }

  #takeHeaderByte(byte: number): void {
    this.#header[this.#headerBytes++] = byte;
    if (this.#headerBytes < this.#headerLength()) return;
    if ((this.#view.getUint8(0) & 0x0f) < FIRST_CONTROL_OPCODE) this.#dataFrames++;
    this.#payloadLeft = this.#payloadLength();
    this.#headerBytes = 0;
  }

  #headerLength(): number {
    if (this.#headerBytes < 2) return 2;
    const second = this.#view.getUint8(1);
    const extended = (second & 0x7f) === 127 ? 8 : (second & 0x7f) === 126 ? 2 : 0;
    return 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
  }

  #payloadLength(): number {
    const short = this.#view.getUint8(1) & 0x7f;
    if (short < 126) return short;
    // Beyond 2^53 the number is not exact, and such a frame never ends anyway.
    return short === 126 ? this.#view.getUint16(2) : Number(this.#view.getBigUint64(2));
  }
}

/** A close frame as a server sends it (RFC 6455 section 5.5.1). `reason` is short ASCII. */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason, 'latin1').subarray(0, 123);
  const frame = Buffer.alloc(4 + text.length);
  frame.writeUInt8(0x88, 0);
  frame.writeUInt8(2 + text.length, 1);
  frame.writeUInt16BE(code, 2);
  text.copy(frame, 4);
  return frame;
}
