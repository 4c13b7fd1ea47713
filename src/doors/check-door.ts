// Owns Envoy's external authorization over HTTP: the request that Envoy asks about comes as itself, and the
// answer is 200 or what the client is to see (envoy.extensions.filters.http.ext_authz.v3.HttpService).
import type { CatalogueMatch } from '../access/catalogue/matched-route.ts';
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import type { Outcome, Question } from '../decide.ts';
import { errorText, type Logger } from '../kernel/logger.ts';
import type { Hygiene } from '../request/hygiene.ts';
import type { RequestHead } from '../request/request-head.ts';
import type { Answers } from './answer.ts';
import { CheckAnswers, type CheckAnswer, type CheckAnswersOptions } from './check-answer.ts';
import { Decisions, type DecisionsDeps } from './decisions.ts';
import type { Exchange } from './exchange.ts';
import { questionAbout } from './questions.ts';

/** Honoured by Envoy in an answer of 200 only, and never sent on. */
const REMOVE_HEADER = 'x-envoy-auth-headers-to-remove';

export interface CheckDoorDeps extends DecisionsDeps {
  readonly routes: RouteMatcher;
  readonly hygiene: Hygiene;
  readonly answers: Answers;
  /** True for a path that the gateway's own pages answer, which the mesh routes to them. */
  readonly isOwnPage: (path: string) => boolean;
  readonly logger: Logger;
}

const ownPage: CatalogueMatch = {
  kind: 'route',
  route: {
    id: 'own-page',
    class: 'sign-in',
    effect: 'read',
    neverRedirect: false,
    passAuthorization: true,
    namespace: undefined,
    isByIdOnly: false,
    demand: { kind: 'public' },
  },
};

export class CheckDoor {
  readonly #deps: CheckDoorDeps;
  readonly #decisions: Decisions;
  readonly #checkAnswers: CheckAnswers;

  constructor(options: CheckAnswersOptions, deps: CheckDoorDeps) {
    this.#deps = deps;
    this.#decisions = new Decisions(deps);
    this.#checkAnswers = new CheckAnswers(options, deps.hygiene);
  }

  /** Answers a check. Synchronous when the credential is cached. */
  handle(exchange: Exchange, head: RequestHead): void {
    exchange.door = 'check';
    const { isOwnPage, routes, hygiene } = this.#deps;
    const match = isOwnPage(head.target.path) ? ownPage : routes.match(head);
    const question = questionAbout(head, match, hygiene);
    const outcome = this.#decisions.ask(exchange, question);
    const conclude = (found: Outcome): void => {
      this.#conclude(exchange, question, found);
    };
    if (!(outcome instanceof Promise)) conclude(outcome);
    else outcome.then(conclude).catch((error: unknown) => this.#fault(exchange, error));
  }

  /** Envoy sends no body with its question: what only the body can tell has its configured answer. */
  #conclude(exchange: Exchange, question: Question, found: Outcome): void {
    if (!exchange.isOpen) return;
    const outcome = found.kind === 'inspect' ? found.unread() : found;
    if (outcome.kind !== 'permit' && outcome.kind !== 'public') {
      this.#deps.answers.deny(exchange, outcome, question.client);
      return;
    }
    this.#decisions.notePermission(exchange, outcome);
    const answer =
      question.match === ownPage
        ? this.#checkAnswers.forOwnPage(question)
        : this.#checkAnswers.forApplication(question, outcome);
    this.#allow(exchange, answer);
  }

  #allow({ res }: Exchange, { set, remove }: CheckAnswer): void {
    const headers = [REMOVE_HEADER, remove.join(', '), 'Content-Length', '0'];
    for (const [name, value] of set) headers.push(name, value);
    if (this.#deps.answers.isDraining) headers.push('Connection', 'close');
    res.writeHead(200, headers);
    res.end();
  }

  #fault(exchange: Exchange, error: unknown): void {
    this.#deps.logger.error('A check failed by a fault of the gateway.', {
      requestId: exchange.requestId,
      error: errorText(error),
    });
    this.#deps.answers.fail(exchange, 'internal_error', 'program');
  }
}
