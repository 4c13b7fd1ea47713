// Owns running a program to its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a program may be given besides its arguments. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** One minute if not told. */
  readonly withinMs?: number;
}

/**
 * Runs a program and returns its standard output. Rejects, with what it wrote to both outputs, when
 * it ends otherwise than with status 0, or not in time. It dies with us (see NeighbourProcess).
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env, input = '', withinMs = 60_000 }: RunOptions = {},
): Promise<string> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: withinMs,
    killSignal: 'SIGKILL',
  });
  const closed = once(child, 'close');
  // A program that ends without reading its input is judged by its exit status.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (child.exitCode === 0) return stdout;
  const status = child.signalCode ?? child.exitCode;
  throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}
