// Owns the inline door: finds the application, asks who is asking, asks the decision, and acts on it.
import type { Upstream, UpstreamTable } from '../access/upstream-table.ts';
import type { Route } from '../access/route.ts';
import { decide, type Question } from '../decide.ts';
import type { Authentication, SessionAuthenticator } from '../identity/authentication.ts';
import type { Cancel, Clock } from '../kernel/clock.ts';
import { errorText, type Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { readClientKind } from '../request/client-kind.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { RequestHead } from '../request/request-head.ts';
import { isSameSite } from '../request/same-site.ts';
import type { Answers } from './answer.ts';
import type { Exchange, Tell } from './exchange.ts';
import { Forwarder } from './forward-request.ts';
import { LiveConnections } from './live-connections.ts';
import { ResponseDeadlines } from './response-deadlines.ts';
import { connectTo, type UpstreamConnection } from './upstream-connection.ts';
import { WebSocketDoor } from './websocket-door.ts';

export interface InlineDoorDeps {
  readonly upstreams: UpstreamTable;
  readonly authenticator: SessionAuthenticator;
  /** Calls the listener whenever any session may have changed. */
  readonly onSessionChange: (listener: () => void) => Cancel;
  readonly hygiene: Hygiene;
  readonly answers: Answers;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const absent: Authentication = { kind: 'absent', reason: 'sign_in_required' };
const rejected: Authentication = { kind: 'rejected', reason: 'invalid_token' };

export class InlineDoor {
  readonly #deps: InlineDoorDeps;
  readonly #connections: ReadonlyMap<Upstream, UpstreamConnection>;
  readonly #live: LiveConnections;
  readonly #deadlines: ResponseDeadlines;
  readonly #forwarder: Forwarder;
  readonly #webSockets: WebSocketDoor;

  constructor(deps: InlineDoorDeps) {
    this.#deps = deps;
    this.#connections = new Map(deps.upstreams.upstreams.map((one) => [one, connectTo(one)]));
    this.#live = new LiveConnections({ ...deps, onChange: deps.onSessionChange });
    this.#deadlines = new ResponseDeadlines(deps.clock);
    const parts = { ...deps, live: this.#live, deadlines: this.#deadlines };
    this.#forwarder = new Forwarder(this.#connections, parts);
    this.#webSockets = new WebSocketDoor(this.#connections, parts);
  }

  /** Serves a request or, when `isUpgrade`, a WebSocket. Synchronous when the session is cached. */
  handle(exchange: Exchange, head: RequestHead, isUpgrade: boolean): void {
    exchange.door = isUpgrade ? 'websocket' : 'inline';
    const matched = this.#deps.upstreams.match(head.target);
    if (matched === undefined) {
      this.#deps.answers.deny(
        exchange,
        { kind: 'refuse', reason: 'not_found' },
        readClientKind(head),
      );
      return;
    }
    const { upstream, route } = matched;
    exchange.upstreamId = upstream.id;
    const isForPrograms = route.neverRedirect || this.#deps.upstreams.isInferenceHost(head.host);
    const question: Question = {
      head,
      route,
      client: isForPrograms ? 'program' : readClientKind(head),
      isSameSite: isSameSite(head, this.#deps.hygiene.publicOrigins),
    };
    const authentication = this.#authenticate(head, route);
    const conclude = (found: Authentication): void => {
      this.#conclude(exchange, question, upstream, found, isUpgrade);
    };
    if (!(authentication instanceof Promise)) conclude(authentication);
    else authentication.then(conclude).catch((error: unknown) => this.#fault(exchange, error));
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

  /** No credential is judged on a public route. A bearer token is never mistaken for a session. */
  #authenticate(head: RequestHead, route: Route): Authentication | Promise<Authentication> {
    if (route.access === 'public') return absent;
    if (head.authorization.kind === 'bearer') return rejected;
    if (head.sessionCookie === undefined) return absent;
    return this.#deps.authenticator.authenticate(head.sessionCookie);
  }

  #conclude(
    exchange: Exchange,
    question: Question,
    upstream: Upstream,
    authentication: Authentication,
    isUpgrade: boolean,
  ): void {
    if (exchange.isGone) return;
    const outcome = decide(question, authentication);
    if (outcome.kind !== 'permit' && outcome.kind !== 'public') {
      this.#deps.answers.deny(exchange, outcome, question.client);
      return;
    }
    exchange.conclude(outcome.kind);
    if (outcome.kind === 'permit') exchange.userId = outcome.identity.principal.userId;
    if (isUpgrade && this.#deps.answers.isDraining) {
      this.#deps.answers.fail(exchange, 'shutting_down', 'program');
      return;
    }
    const admitted = { exchange, question, permission: outcome, upstream };
    if (isUpgrade) this.#webSockets.open(admitted);
    else this.#forwarder.forward(admitted);
  }

  #fault(exchange: Exchange, error: unknown): void {
    this.#deps.logger.error('a request failed by a fault of the gateway', {
      requestId: exchange.requestId,
      error: errorText(error),
    });
    this.#deps.answers.fail(exchange, 'internal_error', 'program');
  }
}
