// Owns the inline door: finds the application, asks who is asking, asks the decision, and acts on it.
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import type { Upstream, UpstreamTable } from '../access/upstream-table.ts';
import type { Decided, Inspection, Outcome } from '../decide.ts';
import type { Cancel, Clock } from '../kernel/clock.ts';
import { errorText, type Logger } from '../kernel/logger.ts';
import { readClientKind } from '../request/client-kind.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { RequestHead } from '../request/request-head.ts';
import type { Answers } from './answer.ts';
import { Decisions, type DecisionsDeps } from './decisions.ts';
import type { Exchange, Tell } from './exchange.ts';
import { Forwarder } from './forward-request.ts';
import { readInspectedBody } from './inspected-body.ts';
import { LiveConnections } from './live-connections.ts';
import { Questions, type AskedRequest } from './questions.ts';
import { ResponseDeadlines } from './response-deadlines.ts';
import { connectTo, type UpstreamConnection } from './upstream-connection.ts';
import { WebSocketDoor } from './websocket-door.ts';

export interface InlineDoorDeps extends DecisionsDeps {
  readonly upstreams: UpstreamTable;
  readonly routes: RouteMatcher;
  /** Calls the listener whenever an answer may have changed: credentials, bindings, routes. */
  readonly onChange: (listener: () => void) => Cancel;
  readonly hygiene: Hygiene;
  readonly answers: Answers;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class InlineDoor {
  readonly #deps: InlineDoorDeps;
  readonly #connections: ReadonlyMap<Upstream, UpstreamConnection>;
  readonly #live: LiveConnections;
  readonly #deadlines: ResponseDeadlines;
  readonly #forwarder: Forwarder;
  readonly #webSockets: WebSocketDoor;
  readonly #questions: Questions;
  readonly #decisions: Decisions;

  constructor(deps: InlineDoorDeps) {
    this.#deps = deps;
    this.#connections = new Map(deps.upstreams.upstreams.map((one) => [one, connectTo(one)]));
    this.#questions = new Questions(deps);
    this.#decisions = new Decisions(deps);
    this.#live = new LiveConnections({
      ...deps,
      questionOf: (head) => this.#questions.of(head)?.question,
    });
    this.#deadlines = new ResponseDeadlines(deps.clock);
    const parts = { ...deps, live: this.#live, deadlines: this.#deadlines };
    this.#forwarder = new Forwarder(this.#connections, parts);
    this.#webSockets = new WebSocketDoor(this.#connections, parts);
  }

  /** Serves a request or, when `isUpgrade`, a WebSocket. Synchronous when the session is cached. */
  handle(exchange: Exchange, head: RequestHead, isUpgrade: boolean): void {
    exchange.door = isUpgrade ? 'websocket' : 'inline';
    const asked = this.#questions.of(head);
    if (asked === undefined) {
      const notFound = { kind: 'refuse', reason: 'not_found' } as const;
      this.#deps.answers.deny(exchange, notFound, readClientKind(head));
      return;
    }
    exchange.upstreamId = asked.upstream.id;
    const outcome = this.#decisions.ask(exchange, asked.question);
    const conclude = (found: Outcome): void => {
      this.#conclude(exchange, asked, found, isUpgrade);
    };
    if (!(outcome instanceof Promise)) conclude(outcome);
    else outcome.then(conclude).catch((error: unknown) => this.#fault(exchange, error));
  }

  /** WebSockets are told to come back; requests under way go on. */
  drain(): void {
    this.#webSockets.shutDown();
  }

  /** Ends what is still open, and every connection to applications. */
  close(): void {
    this.#webSockets.destroyAll();
    this.#live.close();
    this.#deadlines.close();
    for (const connection of this.#connections.values()) connection.close();
  }

  #conclude(exchange: Exchange, asked: AskedRequest, outcome: Outcome, isUpgrade: boolean): void {
    if (exchange.isGone) return;
    if (outcome.kind !== 'inspect') this.#act(exchange, asked, outcome, isUpgrade);
    else
      this.#inspect(exchange, asked, outcome).catch((error: unknown) =>
        this.#fault(exchange, error),
      );
  }

  /** Reads the body, asks again with it, and forwards the bytes that were judged. */
  async #inspect(exchange: Exchange, asked: AskedRequest, inspection: Inspection): Promise<void> {
    const { clock } = this.#deps;
    const read = await readInspectedBody(exchange, inspection.maxBytes, clock);
    if (read.kind === 'refused') {
      this.#act(exchange, asked, { kind: 'refuse', reason: read.reason }, false);
      return;
    }
    // A body takes its time.
    const again = await this.#decisions.askAgain(asked.question);
    const outcome = again.kind === 'inspect' ? again.check(read.value) : again;
    if (!exchange.isGone) this.#act(exchange, asked, outcome, false, read.bytes);
  }

  #act(
    exchange: Exchange,
    { upstream, question }: AskedRequest,
    outcome: Decided,
    isUpgrade: boolean,
    body?: Buffer,
  ): void {
    if (outcome.kind !== 'permit' && outcome.kind !== 'public') {
      this.#deps.answers.deny(exchange, outcome, question.client);
      return;
    }
    this.#decisions.notePermission(exchange, outcome);
    if (isUpgrade && this.#deps.answers.isDraining) {
      this.#deps.answers.fail(exchange, 'shutting_down', 'program');
      return;
    }
    const admitted = { exchange, question, permission: outcome, upstream, body };
    if (isUpgrade) this.#webSockets.open(admitted);
    else this.#forwarder.forward(admitted);
  }

  #fault(exchange: Exchange, error: unknown): void {
    this.#deps.logger.error('A request failed by a fault of the gateway.', {
      requestId: exchange.requestId,
      error: errorText(error),
    });
    this.#deps.answers.fail(exchange, 'internal_error', 'program');
  }
}
