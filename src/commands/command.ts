// Owns what a subcommand is: told its arguments, handed the outside world, it ends in an exit status.
import type { Environment } from '../config/environment.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';

/** 0 all is well; 1 it failed while running; 2 the configuration or the call is wrong; 3 the answer is no. */
export type ExitStatus = 0 | 1 | 2 | 3;

export interface Terminal {
  /** What was asked for, without its last newline. */
  print(text: string): void;
  /** What went wrong, without its last newline. */
  complain(text: string): void;
}

export interface CommandContext {
  /** What stands behind the subcommand's name. */
  readonly args: readonly string[];
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Command {
  /** Complete help, as `COMMAND --help` prints it. */
  readonly help: string;
  run(context: CommandContext): Promise<ExitStatus>;
}

/** A call that is wrong; the message says what would be right. Ends in exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
