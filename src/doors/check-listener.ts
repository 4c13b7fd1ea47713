// Owns the listener that Envoy asks over HTTP: whatever comes is the question itself.
import type { AddressInfo } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { Answers, type StandIns } from './answer.ts';
import type { Audit } from './audit.ts';
import type { CheckAnswersOptions } from './check-answer.ts';
import { CheckDoor, type CheckDoorDeps } from './check-door.ts';
import type { TlsMaterial } from './http-server.ts';
import { ListeningServer, type ListeningServerOptions } from './listening-server.ts';

export interface CheckListenerDeps extends Omit<CheckDoorDeps, 'answers'> {
  readonly standIns: StandIns;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

export class CheckListener {
  readonly #answers: Answers;
  readonly #server: ListeningServer;

  constructor(options: ListeningServerOptions & CheckAnswersOptions, deps: CheckListenerDeps) {
    this.#answers = new Answers(deps.standIns, deps.clock);
    const door = new CheckDoor(options, { ...deps, answers: this.#answers });
    this.#server = new ListeningServer(options, {
      ...deps,
      answers: this.#answers,
      takesWebSockets: false,
      serve: (exchange, head) => {
        door.handle(exchange, head);
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

  /** Tells Envoy that answers are the last of their connections, and after `drainMs` milliseconds ends the rest. */
  async close(drainMs: number): Promise<void> {
    this.#answers.isDraining = true;
    await this.#server.drain(drainMs);
  }
}
