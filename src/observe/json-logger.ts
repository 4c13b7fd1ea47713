// Owns the logger: JSON lines by pino, redacted, on an output that may block without delaying anybody.
import { pino, destination, type DestinationStream } from 'pino';
import type { LogFields, Logger } from '../kernel/logger.ts';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof logLevels)[number];

/** The logger of the running gateway, with what main and reload need besides. */
export interface JsonLogger extends Logger {
  /**
   * One line per decision, at level info. `record` is fixed fields that a type lists, so nothing is
   * searched for credentials: that would cost a tenth of a request.
   */
  audit(record: LogFields): void;
  level(): LogLevel;
  setLevel(level: LogLevel): void;
  /** Writes out what is buffered, as far as the output takes it; for the end of the process. */
  flush(): void;
}

interface LogOutput extends DestinationStream {
  flushSync?(): void;
}

// A net under the rule that fields never carry credentials: names that would, at the depths we log.
const CREDENTIAL_FIELDS = [
  'cookie',
  'cookies',
  'authorization',
  'set-cookie',
  'setCookie',
  'token',
  'accessToken',
  'access_token',
  'idToken',
  'id_token',
  'refreshToken',
  'refresh_token',
  'clientSecret',
  'client_secret',
  'password',
  'secret',
  'code',
  'state',
  'codeVerifier',
  'sessionId',
  'assertion',
];

/** Lines buffered beyond this many bytes while the output is blocked are dropped and counted. */
const BUFFER_LIMIT_BYTES = 1024 * 1024;

/** Lines are written together, when there are so many bytes or after so many milliseconds. */
const BATCH_BYTES = 8 * 1024;
const BATCH_MS = 200;

/**
 * Standard output without waiting for it: lines are buffered while a pipe is full, and dropped
 * beyond the limit, because a stuck log collector must not stop anybody's request.
 */
export function standardOutput(onDrop: () => void): LogOutput {
  const output = destination({
    fd: 1,
    sync: false,
    maxLength: BUFFER_LIMIT_BYTES,
    minLength: BATCH_BYTES,
    periodicFlush: BATCH_MS,
  });
  output.on('drop', onDrop);
  return output;
}

/** Logs to `output`; the time stamp is pino's own, in milliseconds since the epoch. */
export function createJsonLogger(level: LogLevel, output: LogOutput): JsonLogger {
  const form = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: 'message',
  };
  const redact = {
    paths: CREDENTIAL_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]),
    censor: '[redacted]',
  };
  const sink = pino({ ...form, redact }, output);
  const auditSink = pino(form, output);
  let current = level;
  const write =
    (at: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      sink[at](fields, message);
    };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    audit: (record) => {
      auditSink.info(record, 'decision');
    },
    level: () => current,
    setLevel(next) {
      current = next;
      sink.level = next;
      auditSink.level = next;
    },
    flush() {
      output.flushSync?.();
    },
  };
}
