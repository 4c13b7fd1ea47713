// Owns the cutting of bytes into lines. On bytes, because a chunk may end within a character.

const NEWLINE = 0x0a;

export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

export class LineReader {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a line has begun that has not ended. */
  get isWithinLine(): boolean {
    return this.#pendingBytes > 0;
  }

  /** The lines that end in this chunk, without their newline. Throws LineTooLong. */
  *lines(chunk: Buffer): Generator<Buffer> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      yield this.#finished(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  #finished(last: Buffer): Buffer {
    this.#keep(last);
    const [only] = this.#pending;
    const line =
      this.#pending.length === 1 && only !== undefined ? only : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }

  #keep(part: Buffer): void {
    this.#pendingBytes += part.length;
    if (this.#pendingBytes > this.#maxBytes) {
      throw new LineTooLong(`a line of more than ${this.#maxBytes} bytes`);
    }
    this.#pending.push(part);
  }
}
