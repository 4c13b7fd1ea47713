// Owns `serve`: from a configuration file to a gateway that runs until it is told to stop.
import { readArguments, requiredValue } from './commands/arguments.ts';
import type { Command, CommandContext, ExitStatus } from './commands/command.ts';
import { problemsText, readConfigText } from './commands/config-file.ts';
import { loadConfig } from './config/load-config.ts';
import type { Config } from './config/schema.ts';
import { restartNeeded, WatchedConfig } from './config/watched-config.ts';
import type { Gateway } from './gateway.ts';
import { every, pause } from './kernel/clock.ts';
import { SECOND_MS } from './kernel/duration.ts';
import { errorText } from './kernel/logger.ts';
import { Misconfigured } from './kernel/misconfigured.ts';
import { createJsonLogger, standardOutput, type JsonLogger } from './observe/json-logger.ts';
import { createPrometheusMetrics, type PrometheusMetrics } from './observe/prometheus-metrics.ts';

/** Stopping lets go of Redis and the provider after the drain; more time than that is a fault. */
const STOP_GRACE_MS = 5 * SECOND_MS;

const help = `Usage: kubeflow-auth-gateway serve --config FILE

Runs the gateway until SIGTERM or SIGINT. It then becomes unready, finishes what is under way
within shutdown.drain, and ends. SIGHUP reloads what may change while it runs (secrets, keys,
TLS files, log level), and so does a change of one of these files.

Options:
  --config FILE   the configuration (YAML)
  --help          this text

Exit status: 0 a clean stop; 1 a failure while running; 2 a wrong configuration or call.`;

export interface Signals {
  /** Resolves with the name of the first signal that asks to stop. */
  readonly stop: Promise<string>;
  /** Runs `run` at each signal that asks to reload; those of before do nothing. */
  onReload(run: () => void): void;
}

export function serveCommand(signals: Signals): Command {
  return { help, run: (context) => serve(context, signals) };
}

async function serve(context: CommandContext, signals: Signals): Promise<ExitStatus> {
  const { args, env, terminal, clock } = context;
  const path = requiredValue(readArguments(args, { values: ['config'] }), 'config', 'FILE');
  const source = new WatchedConfig(path, () => loadConfig({ yamlText: readConfigText(path), env }));
  const loaded = source.read();
  if (loaded.kind === 'invalid') {
    terminal.complain(problemsText(path, loaded.problems));
    return 2;
  }
  const metrics = createPrometheusMetrics();
  const output = standardOutput(() => metrics.increment('kfgw_log_lines_dropped_total', {}));
  const logger = createJsonLogger(loaded.config.logging.level, output);
  const parts = { ...context, metrics, logger };
  for (const { path: option, message } of loaded.dangers)
    logger.warn('A dangerous setting is on.', { option, meaning: message });
  try {
    // Loaded only now: a wrong configuration is told without waiting for a whole server to load.
    const { createGateway } = await import('./gateway.ts');
    const gateway = await createGateway(loaded.config, loaded.secrets, parts);
    const reloads = new Reloads({ source, gateway, ...parts }, loaded.config);
    signals.onReload(() => void reloads.reload());
    const stopPolling = every(clock, loaded.config.files.pollEveryMs, () => {
      if (source.hasChanged()) void reloads.reload();
    });
    logger.info('The gateway listens.', { ports: gateway.ports });
    logger.info('The gateway stops.', { signal: await signals.stop });
    stopPolling();
    return await stop(gateway, loaded.config.shutdown.drainMs, parts);
  } catch (error) {
    logger.error('The gateway cannot go on.', { error: errorText(error) });
    return error instanceof Misconfigured ? 2 : 1;
  } finally {
    logger.flush();
  }
}

async function stop(
  gateway: Gateway,
  drainMs: number,
  { clock, logger }: Pick<CommandContext, 'clock'> & { readonly logger: JsonLogger },
): Promise<ExitStatus> {
  const deadline = new AbortController();
  const late = pause(clock, drainMs + STOP_GRACE_MS, deadline.signal).then(() => 1 as const);
  const status = await Promise.race([gateway.stop().then(() => 0 as const), late]);
  deadline.abort();
  if (status === 0) logger.info('The gateway has stopped.');
  else logger.error('The gateway did not stop in time.');
  return status;
}

interface ReloadParts {
  readonly source: WatchedConfig;
  readonly gateway: Gateway;
  readonly logger: JsonLogger;
  readonly metrics: PrometheusMetrics;
}

/** Reloads one after another; a configuration that is wrong changes nothing. */
class Reloads {
  readonly #parts: ReloadParts;
  readonly #started: Config;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: ReloadParts, started: Config) {
    this.#parts = parts;
    this.#started = started;
  }

  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#reload());
    return this.#last;
  }

  async #reload(): Promise<void> {
    const { source, gateway, logger } = this.#parts;
    try {
      const loaded = source.read();
      if (loaded.kind === 'invalid') {
        this.#failed({ problems: loaded.problems });
        return;
      }
      await gateway.reload(loaded.config, loaded.secrets);
      const options = restartNeeded(this.#started, loaded.config);
      if (options.length > 0)
        logger.warn('Changed options need a restart to take effect.', { options });
      logger.info('The configuration was reloaded.');
    } catch (error) {
      this.#failed({ error: errorText(error) });
    }
  }

  #failed(fields: Record<string, unknown>): void {
    const { logger, metrics } = this.#parts;
    metrics.increment('kfgw_reload_failures_total', { file: 'config' });
    logger.error(
      'The configuration cannot be reloaded; what was loaded last stays in force.',
      fields,
    );
  }
}
