// Owns measuring how much CPU a process takes in one turn of its event loop.

/**
 * Asks for a turn after every turn, so that turns are as short as they can be. A turn may still run
 * several callbacks: what is measured is at least the longest of them. CPU of this thread only:
 * waiting for a core, and collecting garbage beside, do not count.
 */
export class TurnMeter {
  #longestMs = 0;
  #before = process.threadCpuUsage();
  #isOn = true;

  constructor() {
    this.#turn();
  }

  /** Milliseconds of CPU of the longest turn so far. */
  stop(): number {
    this.#isOn = false;
    return this.#longestMs;
  }

  #turn(): void {
    const now = process.threadCpuUsage();
    const usedUs = now.user - this.#before.user + now.system - this.#before.system;
    this.#longestMs = Math.max(this.#longestMs, usedUs / 1000);
    this.#before = now;
    if (this.#isOn) {
      setImmediate(() => {
        this.#turn();
      });
    }
  }
}
