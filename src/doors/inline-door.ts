// Owns the inline door: finds the application, asks who is asking, asks the decision, and acts on it.
import { UNMATCHED } from '../access/catalogue/matched-route.ts';
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import type { Upstream, UpstreamTable } from '../access/upstream-table.ts';
import {
  decide,
  isPublic,
  type AccessRules,
  type Decided,
  type Inspection,
  type Permit,
  type Question,
} from '../decide.ts';
import type { Authentication } from '../identity/authentication.ts';
import type { RequestAuthenticator } from '../identity/request-authenticator.ts';
import type { Cancel, Clock } from '../kernel/clock.ts';
import type { Fields } from '../kernel/fields.ts';
import { errorText, type Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { readClientKind } from '../request/client-kind.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { RequestHead } from '../request/request-head.ts';
import type { Answers } from './answer.ts';
import type { Exchange, Tell } from './exchange.ts';
import { Forwarder } from './forward-request.ts';
import { readInspectedBody } from './inspected-body.ts';
import { LiveConnections } from './live-connections.ts';
import { Questions, type AskedRequest } from './questions.ts';
import { ResponseDeadlines } from './response-deadlines.ts';
import { connectTo, type UpstreamConnection } from './upstream-connection.ts';
import { WebSocketDoor } from './websocket-door.ts';

export interface InlineDoorDeps {
  readonly upstreams: UpstreamTable;
  readonly routes: RouteMatcher;
  readonly rules: AccessRules;
  /** Milliseconds since the index of RBAC was last proved fresh. */
  readonly indexAgeMs: () => number;
  readonly authenticator: Pick<RequestAuthenticator, 'authenticate' | 'recheck'>;
  /** Calls the listener whenever an answer may have changed: sessions, bindings, routes. */
  readonly onChange: (listener: () => void) => Cancel;
  readonly hygiene: Hygiene;
  readonly answers: Answers;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const absent: Authentication = { kind: 'absent', reason: 'sign_in_required' };

export class InlineDoor {
  readonly #deps: InlineDoorDeps;
  readonly #connections: ReadonlyMap<Upstream, UpstreamConnection>;
  readonly #live: LiveConnections;
  readonly #deadlines: ResponseDeadlines;
  readonly #forwarder: Forwarder;
  readonly #webSockets: WebSocketDoor;
  readonly #questions: Questions;

  constructor(deps: InlineDoorDeps) {
    this.#deps = deps;
    this.#connections = new Map(deps.upstreams.upstreams.map((one) => [one, connectTo(one)]));
    this.#questions = new Questions(deps);
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
    this.#note(exchange, asked.question);
    const authentication = this.#authenticate(asked.question);
    const conclude = (found: Authentication): void => {
      this.#conclude(exchange, asked, found, isUpgrade);
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

  #note(exchange: Exchange, { match }: Question): void {
    if (match.kind !== 'route') return;
    exchange.route = match.route;
    if (match.route.id === UNMATCHED)
      this.#deps.metrics.increment('kfgw_unmatched_requests_total', {});
  }

  /** No credential is judged on a public route. */
  #authenticate(question: Question): Authentication | Promise<Authentication> {
    return isPublic(question) ? absent : this.#deps.authenticator.authenticate(question.head);
  }

  #conclude(
    exchange: Exchange,
    asked: AskedRequest,
    authentication: Authentication,
    isUpgrade: boolean,
  ): void {
    if (exchange.isGone) return;
    const outcome = decide(asked.question, authentication, this.#deps.rules);
    if (authentication.kind === 'authenticated') exchange.identity = authentication.identity;
    if (asksRbac(asked.question)) exchange.indexAgeMs = this.#deps.indexAgeMs();
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
    const outcome = await this.#judge(asked, read.value);
    if (!exchange.isGone) this.#act(exchange, asked, outcome, false, read.bytes);
  }

  /** A body takes its time, in which a session can end. */
  async #judge({ question }: AskedRequest, body: Fields): Promise<Decided> {
    const { authenticator, rules } = this.#deps;
    const found = await authenticator.recheck(question.head);
    const outcome = decide(question, found, rules);
    return outcome.kind === 'inspect' ? outcome.check(body) : outcome;
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
    exchange.conclude(outcome.kind);
    if (outcome.kind === 'permit') this.#noteGrant(exchange, outcome);
    if (isUpgrade && this.#deps.answers.isDraining) {
      this.#deps.answers.fail(exchange, 'shutting_down', 'program');
      return;
    }
    const admitted = { exchange, question, permission: outcome, upstream, body };
    if (isUpgrade) this.#webSockets.open(admitted);
    else this.#forwarder.forward(admitted);
  }

  #noteGrant(exchange: Exchange, { grant, shadowed }: Permit): void {
    exchange.grant = grant;
    exchange.shadowed = shadowed;
    if (shadowed !== undefined)
      this.#deps.metrics.increment('kfgw_shadowed_refusals_total', { reason: shadowed.reason });
  }

  #fault(exchange: Exchange, error: unknown): void {
    this.#deps.logger.error('A request failed by a fault of the gateway.', {
      requestId: exchange.requestId,
      error: errorText(error),
    });
    this.#deps.answers.fail(exchange, 'internal_error', 'program');
  }
}

function asksRbac({ match }: Question): boolean {
  return match.kind === 'route' && match.route.demand.kind === 'questions';
}
