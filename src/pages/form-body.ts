// Owns reading the forms that are posted to pages: small, in time, never decompressed, read in one way only.
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { readParameters, type Parameters } from '../identity/oauth/parameters.ts';
import type { Clock } from '../kernel/clock.ts';
import { SECOND_MS } from '../kernel/duration.ts';

const DEADLINE_MS = 10 * SECOND_MS;
/** Room for the longest ticket or token, twice. */
const LIMIT_BYTES = 8 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const bodies = new WeakMap<Request, Parameters>();

/** Reads the form into `formOf`; bodies that are none are as forms without parameters. */
export function readForm(clock: Clock): (RequestHandler | ErrorRequestHandler)[] {
  const type = 'application/x-www-form-urlencoded';
  const parse = express.raw({ type, limit: LIMIT_BYTES, inflate: false });
  return [bodyDeadline(clock, DEADLINE_MS), parse, keepParameters, ignoreBodyError];
}

/** The parameters of the form that `readForm` has read; undefined when it can be read in two ways, or is none. */
export function formOf(req: Request): Parameters | undefined {
  return bodies.get(req);
}

/** A body that does not arrive in time costs its connection. */
export function bodyDeadline(clock: Clock, ms: number): RequestHandler {
  return (req, _res, next) => {
    const cancel = clock.after(ms, () => {
      req.destroy();
    });
    req.once('close', cancel).once('end', cancel);
    next();
  };
}

/** body-parser's errors carry the status of the client's mistake. */
export function isBodyError(error: unknown): boolean {
  return error instanceof Error && 'status' in error && 'type' in error;
}

const keepParameters: RequestHandler = (req, _res, next) => {
  const parameters = Buffer.isBuffer(req.body) ? parametersOf(req.body) : undefined;
  if (parameters !== undefined) bodies.set(req, parameters);
  next();
};

const ignoreBodyError: ErrorRequestHandler = (error: unknown, _req, _res, next) => {
  next(isBodyError(error) ? undefined : error);
};

function parametersOf(body: Buffer): Parameters | undefined {
  try {
    return readParameters(utf8.decode(body));
  } catch {
    return undefined;
  }
}
