// Owns the table of open connections: on every change that could matter each is decided again.
import { decide, type AccessRules, type Outcome, type Permit, type Question } from '../decide.ts';
import type { Authentication } from '../identity/authentication.ts';
import { credentialsText, type RequestAuthenticator } from '../identity/request-authenticator.ts';
import { every, type Cancel, type Clock } from '../kernel/clock.ts';
import { errorText, type Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { RequestHead } from '../request/request-head.ts';
import type { Denial } from './answer.ts';
import { Seats, type Seat } from './seats.ts';

/** Changes within this time are answered by one round. */
const COALESCE_MS = 100;
/** Expiry needs no message: the clock is a change, too. */
const SWEEP_MS = 1_000;

const undecided: Outcome = { kind: 'unavailable', reason: 'internal_error', retryAfterSec: 1 };

/** Something permitted that is still open: a forwarded request, an answer or a WebSocket. */
export interface LiveConnection {
  readonly kind: 'websocket' | 'stream';
  /** What was asked when it was opened; its request is asked about again. */
  readonly question: Question;
  /** Its place in the table. */
  readonly liveSeat: Seat<LiveConnection>;
  /** Still permitted, perhaps as a newer identity. */
  renew(permit: Permit): void;
  /** No longer permitted: end it. Called once; it then leaves the table by itself. */
  withdraw(denial: Denial): void;
}

export interface LiveConnectionsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly authenticator: Pick<RequestAuthenticator, 'recheck'>;
  readonly rules: AccessRules;
  /** What is asked about a request now: the catalogue may have changed. Undefined: nothing serves it. */
  readonly questionOf: (head: RequestHead) => Question | undefined;
  /** Calls the listener whenever an answer may have changed. */
  readonly onChange: (listener: () => void) => Cancel;
}

/**
 * Every permitted request stands here from forwarding to its last byte, short ones too: an entry
 * costs less than a timer that would find the long ones, and one rule covers uploads, downloads and
 * event streams alike. A round asks once per session or token, however many connections it has.
 */
export class LiveConnections {
  readonly #deps: LiveConnectionsDeps;
  readonly #open = new Seats<LiveConnection>();
  /** Credentials whose recheck is under way, and whether another change came meanwhile. */
  readonly #asking = new Map<string, { again: boolean }>();
  readonly #cancels: Cancel[];
  #scheduled: Cancel | undefined = undefined;

  constructor(deps: LiveConnectionsDeps) {
    this.#deps = deps;
    this.#cancels = [
      deps.onChange(() => {
        this.#schedule();
      }),
      every(deps.clock, SWEEP_MS, () => {
        this.#round();
      }),
    ];
  }

  add(connection: LiveConnection): void {
    this.#open.take(connection.liveSeat);
  }

  remove(connection: LiveConnection): void {
    this.#open.leave(connection.liveSeat);
  }

  get size(): number {
    return this.#open.size;
  }

  close(): void {
    for (const cancel of this.#cancels) cancel();
    this.#scheduled?.();
  }

  #schedule(): void {
    this.#scheduled ??= this.#deps.clock.after(COALESCE_MS, () => {
      this.#scheduled = undefined;
      this.#round();
    });
  }

  #round(): void {
    const byCredentials = new Map<string, LiveConnection[]>();
    const counts = { websocket: 0, stream: 0 };
    for (const connection of this.#open.holders()) {
      counts[connection.kind]++;
      const credentials = credentialsText(connection.question.head);
      const others = byCredentials.get(credentials);
      if (others === undefined) byCredentials.set(credentials, [connection]);
      else others.push(connection);
    }
    this.#deps.metrics.set('kfgw_live_connections', { kind: 'websocket' }, counts.websocket);
    this.#deps.metrics.set('kfgw_live_connections', { kind: 'stream' }, counts.stream);
    for (const [credentials, connections] of byCredentials) {
      try {
        this.#ask(credentials, connections);
      } catch (error) {
        this.#fault(error);
      }
    }
  }

  /** A bug must not end the process, nor keep others from being asked about. */
  readonly #fault = (error: unknown): void => {
    this.#deps.logger.error('A live connection could not be decided again.', {
      error: errorText(error),
    });
  };

  #ask(credentials: string, connections: readonly LiveConnection[]): void {
    const [first] = connections;
    if (first === undefined) return;
    const asking = this.#asking.get(credentials);
    if (asking !== undefined) {
      asking.again = true;
      return;
    }
    const answer = this.#deps.authenticator.recheck(first.question.head);
    if (answer instanceof Promise) this.#askSlowly(credentials, answer).catch(this.#fault);
    else this.#apply(connections, answer);
  }

  /** While the store is being read another change may come, which that read may not have seen. */
  async #askSlowly(credentials: string, answer: Promise<Authentication>): Promise<void> {
    const asking = { again: false };
    this.#asking.set(credentials, asking);
    const authentication = await answer.finally(() => this.#asking.delete(credentials));
    this.#apply(this.#openedWith(credentials), authentication);
    if (asking.again) this.#ask(credentials, this.#openedWith(credentials));
  }

  #openedWith(credentials: string): LiveConnection[] {
    return [...this.#open.holders()].filter(
      ({ question }) => credentialsText(question.head) === credentials,
    );
  }

  #apply(connections: readonly LiveConnection[], authentication: Authentication): void {
    for (const connection of connections) {
      if (connection.liveSeat.row < 0) continue;
      this.#conclude(connection, this.#outcomeFor(connection, authentication));
    }
  }

  /** What cannot be decided is no longer permitted, and does not stand in the way of the others. */
  #outcomeFor({ question }: LiveConnection, authentication: Authentication): Outcome {
    try {
      const asked = this.#deps.questionOf(question.head) ?? question;
      return decide(asked, authentication, this.#deps.rules);
    } catch (error) {
      this.#fault(error);
      return undecided;
    }
  }

  #conclude(connection: LiveConnection, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'permit':
        connection.renew(outcome);
        break;
      case 'public':
      // Its body was read when it was opened, and has not changed.
      case 'inspect':
        break;
      // Known sessions outlast a silent store for a bounded time only; then a revocation elsewhere
      // could go unheard for as long as the store is silent.
      case 'unavailable':
      case 'challenge':
      case 'refuse':
      case 'provisioning':
        this.#open.leave(connection.liveSeat);
        this.#deps.metrics.increment('kfgw_live_connections_closed_total', {
          reason: outcome.reason,
        });
        connection.withdraw(outcome);
    }
  }
}
