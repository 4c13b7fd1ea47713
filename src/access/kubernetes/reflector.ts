// Owns keeping one type in the index as the API server has it: load, follow, resume, load again.
import { pause } from '../../kernel/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { errorText } from '../../kernel/logger.ts';
import type { Random } from '../../kernel/random.ts';
import type { RecordByType, WatchedType } from '../rbac/rbac-records.ts';
import type { RecordSink } from '../rbac/record-sink.ts';
import type { ApiTransport } from './api-transport.ts';
import { Backoff } from './backoff.ts';
import { currentVersion, loadPages } from './list-pages.ts';
import {
  countsAsStrike,
  failureOf,
  fault,
  loadAgainAfter,
  unrelatedToStreaming,
  type Failure,
  type Fault,
} from './load-failure.ts';
import { ObjectFlow, type ObjectLoad } from './object-flow.ts';
import { resourceTypes } from './resource-type.ts';
import { isLater } from './resource-version.ts';
import { TypeProgress, type Progress, type ProgressTools } from './type-progress.ts';
import type { WatchEvent } from './watch-event.ts';
import { changesAfter, everything, watch, type WatchTools } from './watch-request.ts';
import { asKnownRequest, asUnfinished, type StreamEnd } from './watch-stream.ts';

/** Between two objects of a load. */
const LOAD_SILENT_AFTER_MS = 30 * SECOND_MS;
/** A type that the API server does not know may be installed at any time. */
const LOOK_FOR_ABSENT_EVERY_MS = 30 * SECOND_MS;
const SHORT_MS = SECOND_MS;
/** A watch that lived so long was a good one, however it ends: proxies cut off idle connections. */
const GOOD_MS = 30 * SECOND_MS;
const LONGEST_RETRY_AFTER_MS = MINUTE_MS;
/** After so many refusals in a row it is the version that the server does not like. */
const STRIKES = 5;

export interface ReflectorParts<T extends WatchedType> extends ProgressTools {
  readonly type: T;
  readonly sink: RecordSink<RecordByType[T]>;
  /** For this reflector alone; closed with it. */
  readonly transport: ApiTransport;
  readonly random: Random;
  /** Milliseconds without an event or bookmark after which the watch is asked for again. */
  readonly quietAfterMs: number;
  /** The index has everything up to this version. */
  readonly onVersion: (version: string) => void;
}

export class Reflector<T extends WatchedType> {
  readonly #parts: ReflectorParts<T>;
  readonly #tools: WatchTools;
  readonly #flow: ObjectFlow<T>;
  readonly #progress: TypeProgress;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #stream = new AbortController();
  /** Up to where the index has everything; undefined while that has to be loaded. */
  #version: string | undefined;
  #cause = 'first';
  #prefersPages = false;
  #strikes = 0;
  #askedMs = 0;
  #verb: 'list' | 'watch' = 'watch';

  /** Begins at once. */
  constructor(parts: ReflectorParts<T>) {
    this.#parts = parts;
    this.#tools = { ...parts, type: resourceTypes[parts.type] };
    this.#flow = new ObjectFlow(parts);
    this.#progress = new TypeProgress(parts.type, parts);
    this.#backoff = new Backoff(parts.clock, parts.random);
    this.#running = this.#run();
  }

  get progress(): Progress {
    return this.#progress;
  }

  /**
   * The stream is doubted: the watch is asked for again, from where it is, on a new connection. A
   * load goes on.
   */
  reopen(): void {
    if (this.#version !== undefined) this.#stream.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stream.abort();
    this.#parts.transport.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const waitMs = this.#waitAfter(await this.#turn());
      if (waitMs > 0) await pause(this.#parts.clock, waitMs, signal);
    }
  }

  /** One load or one watch. */
  async #turn(): Promise<StreamEnd> {
    this.#stream = new AbortController();
    this.#askedMs = this.#parts.clock.monotonicMs();
    this.#verb = 'watch';
    if (this.#closing.signal.aborted) return { kind: 'stopped' };
    try {
      const end = await this.#loadOrFollow();
      return end.kind === 'absent' ? this.#absent() : end;
    } catch (error) {
      return fault('internal', errorText(error));
    }
  }

  #loadOrFollow(): Promise<StreamEnd> {
    if (this.#version !== undefined) return this.#followFrom(this.#version);
    return this.#prefersPages ? this.#loadByPages() : this.#loadByWatch();
  }

  async #loadByWatch(): Promise<StreamEnd> {
    const load = this.#flow.begin();
    const end = await watch(this.#tools, everything, {
      signal: this.#stream.signal,
      silentAfterMs: () => (load.isCommitted ? this.#parts.quietAfterMs : LOAD_SILENT_AFTER_MS),
      onSettled: () => undefined,
      handle: (event) => {
        if (load.isCommitted) return this.#follow(event);
        if (event.kind !== 'bookmark' || !event.endsInitialEvents) return collect(load, event);
        this.#commit(load);
        return this.#follow(event);
      },
    });
    if (load.isCommitted) return asKnownRequest(end);
    const unfinished = asUnfinished(end);
    this.#prefersPages =
      unfinished.kind === 'unsupported' ||
      (unfinished.kind === 'fault' && !unrelatedToStreaming.has(unfinished.reason));
    return unfinished;
  }

  async #loadByPages(): Promise<StreamEnd> {
    this.#verb = 'list';
    const load = this.#flow.begin();
    const { signal } = this.#stream;
    const end = await loadPages({ ...this.#tools, signal }, (object) => {
      load.apply('ADDED', object);
    });
    // The server may be a newer one the next time.
    this.#prefersPages = false;
    if (end.kind !== 'loaded') return asKnownRequest(end);
    this.#commit(load);
    this.#reached(end.version);
    return { kind: 'ended' };
  }

  async #followFrom(version: string): Promise<StreamEnd> {
    const lost = await this.#whatIsLost(version);
    if (lost !== undefined) return lost;
    const { clock, quietAfterMs } = this.#parts;
    const end = await watch(this.#tools, changesAfter(version), {
      signal: this.#stream.signal,
      silentAfterMs: () => quietAfterMs,
      onSettled: () => {
        this.#proved(this.#askedMs);
      },
      handle: (event) => this.#follow(event),
    });
    const isShort = clock.monotonicMs() - this.#askedMs < SHORT_MS && version === this.#version;
    if (end.kind === 'ended' && isShort) return fault('short', 'the watch ended at once');
    return asKnownRequest(end);
  }

  /**
   * A server that was set back (its etcd lost or restored) takes a watch from a version it has yet to
   * reach, and says nothing until it is there, not even in bookmarks
   * (k8s.io/apiserver pkg/storage/cacher/cache_watcher.go). So it is asked first where it is.
   */
  async #whatIsLost(version: string): Promise<StreamEnd | undefined> {
    const { signal } = this.#stream;
    this.#verb = 'list';
    const head = await currentVersion({ ...this.#tools, signal });
    this.#verb = head.kind === 'loaded' ? 'watch' : 'list';
    if (head.kind !== 'loaded') return asKnownRequest(head);
    return isLater(version, head.version) ? wentBack(head.version, version) : undefined;
  }

  #commit(load: ObjectLoad<T>): void {
    load.commit();
    this.#progress.loaded(this.#askedMs, this.#cause, load.count);
    this.#strikes = 0;
  }

  #follow(event: WatchEvent): Failure | undefined {
    if (event.kind === 'error') return failureOf(event.status);
    const version = this.#version ?? event.version;
    if (isLater(version, event.version) && event.kind === 'bookmark') {
      return wentBack(event.version, version);
    }
    if (event.kind === 'object') {
      // A repeated event may be older than what the index has: applying it could bring a right back.
      if (!isLater(event.version, version)) return undefined;
      if (!this.#flow.apply(event.change, event.object)) {
        return fault('malformed', 'an object without a name has changed');
      }
    }
    this.#reached(event.version);
    this.#proved(this.#parts.clock.monotonicMs());
    return undefined;
  }

  #reached(version: string): void {
    this.#version = version;
    this.#parts.onVersion(version);
  }

  #proved(asOfMs: number): void {
    this.#strikes = 0;
    this.#progress.proved(asOfMs);
  }

  /** What follows from the end of a turn, and milliseconds until the next one. */
  #waitAfter(end: StreamEnd): number {
    // What is cut off by closing is no fault.
    if (this.#closing.signal.aborted) return 0;
    switch (end.kind) {
      case 'ended':
      case 'quiet':
      case 'stopped':
      case 'unsupported':
        return 0;
      case 'gone':
        this.#loadAgain('gone');
        return this.#backoff.nextMs();
      case 'absent':
        return LOOK_FOR_ABSENT_EVERY_MS;
      case 'fault':
        return this.#failed(end);
    }
  }

  #failed(end: Fault): number {
    const { reason, retryAfterMs = 0 } = end;
    const livedMs = this.#parts.clock.monotonicMs() - this.#askedMs;
    if (livedMs >= GOOD_MS && this.#progress.provedMs >= this.#askedMs) this.#backoff.reset();
    const right = `the right to ${this.#verb} ${this.#tools.type.fullName} in all namespaces`;
    const problem = reason === 'forbidden' ? `${right} is missing` : end.problem;
    this.#progress.failed(reason, problem, end.problem);
    if (countsAsStrike.has(reason)) this.#strikes += 1;
    if (loadAgainAfter.has(reason) || this.#strikes >= STRIKES) this.#loadAgain(reason);
    return Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS) + this.#backoff.nextMs();
  }

  #loadAgain(cause: string): void {
    this.#version = undefined;
    this.#cause = cause;
    this.#strikes = 0;
  }

  /** A type that is not installed has no objects. */
  #absent(): StreamEnd {
    const { fullName, isOptional } = this.#tools.type;
    if (!isOptional) return fault('status', `${fullName} are not served (status 404)`);
    this.#loadAgain('absent');
    if (this.#progress.isLoaded && this.#flow.count === 0) this.#proved(this.#askedMs);
    else this.#commit(this.#flow.begin());
    return { kind: 'absent' };
  }
}

function wentBack(now: string, before: string): Fault {
  return fault('went_back', `the API server is at ${now}, and was at ${before}`);
}

function collect<T extends WatchedType>(
  load: ObjectLoad<T>,
  event: WatchEvent,
): Failure | undefined {
  switch (event.kind) {
    case 'error':
      return failureOf(event.status);
    case 'bookmark':
      return { kind: 'unsupported', problem: 'the API server does not say where the objects end' };
    case 'object': {
      // One that comes without a name adds nothing; what one changes cannot be known.
      const isKnown = load.apply(event.change, event.object) || event.change === 'ADDED';
      return isKnown ? undefined : fault('malformed', 'an object without a name has changed');
    }
  }
}
