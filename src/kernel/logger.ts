// Owns the Logger interface. The message is a constant sentence; what varies is in the fields.

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * `error` means a person must act; `warn` that it healed or will; `info` is life cycle and
 * business events; `debug` is off in production. Fields never carry credentials.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

/** For tests, and for commands, which say themselves what happens. */
export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

/** The text of anything thrown, for a log field: never its stack, never longer than 300 characters. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, 300);
}
