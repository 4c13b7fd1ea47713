// Owns the public listener: each request goes to a page or to the inline door.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import type { UpstreamTable } from '../access/upstream-table.ts';
import type { Cancel, Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Random } from '../kernel/random.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { RequestHead } from '../request/request-head.ts';
import { Answers, type StandIns } from './answer.ts';
import type { Audit } from './audit.ts';
import type { DecisionsDeps } from './decisions.ts';
import type { Exchange } from './exchange.ts';
import type { TlsMaterial } from './http-server.ts';
import { InlineDoor } from './inline-door.ts';
import { ListeningServer, type ListeningServerOptions } from './listening-server.ts';

/** The gateway's own pages. */
export interface OwnPages {
  owns(path: string): boolean;
  handle(req: IncomingMessage, res: ServerResponse, head: RequestHead): void;
}

export interface PublicListenerDeps extends DecisionsDeps {
  readonly hygiene: Hygiene;
  readonly pages: OwnPages;
  readonly standIns: StandIns;
  /** Empty: nothing but the pages is served. */
  readonly upstreams: UpstreamTable;
  readonly routes: RouteMatcher;
  /** Calls the listener whenever an answer may have changed: credentials, bindings, routes. */
  readonly onChange: (listener: () => void) => Cancel;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export class PublicListener {
  readonly #deps: PublicListenerDeps;
  readonly #answers: Answers;
  readonly #door: InlineDoor;
  readonly #server: ListeningServer;

  constructor(options: ListeningServerOptions, deps: PublicListenerDeps) {
    this.#deps = deps;
    this.#answers = new Answers(deps.standIns, deps.clock);
    this.#door = new InlineDoor({
      ...deps,
      answers: this.#answers,
      tell: (exchange, status) => {
        this.#server.tell(exchange, status);
      },
    });
    this.#server = new ListeningServer(options, {
      ...deps,
      answers: this.#answers,
      takesWebSockets: true,
      serve: (exchange, head, isUpgrade) => {
        this.#route(exchange, head, isUpgrade);
      },
    });
  }

  /** Rejects when the address cannot be had. */
  listen(): Promise<AddressInfo> {
    return this.#server.listen();
  }

  /** New connections get this certificate. Throws when it is not one; the old one then stays. */
  useCertificate(tls: TlsMaterial): void {
    this.#server.useCertificate(tls);
  }

  /**
   * Stops accepting, tells clients that answers are their last and WebSockets to come back,
   * finishes what is under way, and after `drainMs` milliseconds ends the rest.
   */
  async close(drainMs: number): Promise<void> {
    this.#answers.isDraining = true;
    this.#door.drain();
    await this.#server.drain(drainMs);
    this.#door.close();
  }

  #route(exchange: Exchange, head: RequestHead, isUpgrade: boolean): void {
    if (!this.#deps.pages.owns(head.target.path)) {
      this.#door.handle(exchange, head, isUpgrade);
    } else if (isUpgrade) {
      this.#answers.deny(exchange, { kind: 'refuse', reason: 'not_found' }, 'program');
    } else {
      this.#showPage(exchange, head);
    }
  }

  #showPage(exchange: Exchange, head: RequestHead): void {
    const { req, res } = exchange;
    exchange.door = 'pages';
    exchange.conclude('page');
    if (this.#answers.isDraining) res.setHeader('Connection', 'close');
    if (exchange.expectsContinue) res.writeContinue();
    this.#deps.pages.handle(req, res, head);
  }
}
