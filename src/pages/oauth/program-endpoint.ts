// Owns what the endpoints for programs have in common: a form in, JSON out, RFC 6749's errors, no browsers.
import type { ErrorRequestHandler, Express, RequestHandler, Response } from 'express';
import { refusal, type OAuthRefusal } from '../../identity/oauth/oauth-error.ts';
import type { Parameters } from '../../identity/oauth/parameters.ts';
import { clientFault } from '../../identity/oauth/token-request.ts';
import { StoreUnavailable } from '../../identity/session/record-store.ts';
import { createRateLimit } from '../../kernel/rate-limit.ts';
import type { RequestHead } from '../../request/request-head.ts';
import { sendJson } from '../answer.ts';
import { onlyMethods } from '../fixed-answers.ts';
import { formOf, readForm } from '../form-body.ts';
import type { PageContext } from '../page-dependencies.ts';
import { headOf } from '../request-heads.ts';

const STORE_RETRY_SEC = 5;

type ProgramAnswer =
  { readonly kind: 'answer'; readonly body: Readonly<Record<string, unknown>> } | OAuthRefusal;

export interface ProgramEndpoint {
  readonly path: string;
  /** Requests per minute and client. */
  readonly perMinute: number;
  /** The client has named itself. May reject with StoreUnavailable. */
  answer(parameters: Parameters, head: RequestHead): Promise<ProgramAnswer>;
}

/** No cookie is read and no other origin is let in (CORS): whoever has no secret gets nothing here. */
export function routeProgram(app: Express, context: PageContext, endpoint: ProgramEndpoint): void {
  app
    .route(endpoint.path)
    .post(limit(context, endpoint.perMinute), ...readForm(context.clock), answerWith(endpoint))
    .post(answerStoreFault(context))
    .all(onlyMethods(context, 'POST'));
}

function limit({ clock }: PageContext, perMinute: number): RequestHandler {
  const waitSecOf = createRateLimit(perMinute, clock);
  return (req, res, next) => {
    const waitSec = waitSecOf(headOf(req).client.address);
    if (waitSec === 0) next();
    else sendLater(res, 429, waitSec, 'there were too many requests from this address');
  };
}

function answerWith(endpoint: ProgramEndpoint): RequestHandler {
  return async (req, res) => {
    const head = headOf(req);
    const read = readRequest(head, formOf(req));
    const given = read.kind === 'refused' ? read : await endpoint.answer(read.parameters, head);
    // RFC 6749 section 5.1 asks for both; Cache-Control is on every answer of ours.
    res.set('Pragma', 'no-cache');
    if (given.kind === 'answer') sendJson(res, 200, given.body);
    else sendRefusal(res, given);
  };
}

/**
 * Scripts of notebooks run on our own origin: browsers have no business here. Header credentials are
 * refused, because a public client has none (RFC 6749 section 3.2.1).
 */
function readRequest(
  { authorization, hints }: RequestHead,
  parameters: Parameters | undefined,
): { readonly kind: 'read'; readonly parameters: Parameters } | OAuthRefusal {
  if (hints.origin !== undefined || hints.fetchSite !== undefined) {
    return refusal('invalid_request', 'this address is for programs and not for browsers');
  }
  if (parameters === undefined) {
    return refusal('invalid_request', 'the body is not a form that has each parameter once');
  }
  if (authorization.kind !== 'none') {
    return refusal('invalid_client', 'this client has no credentials');
  }
  return clientFault(parameters) ?? { kind: 'read', parameters };
}

/** RFC 6749 section 5.2. */
function sendRefusal(res: Response, { error, description }: OAuthRefusal): void {
  const isClient = error === 'invalid_client';
  if (isClient) res.set('WWW-Authenticate', 'Basic realm="kfgw"');
  sendJson(res, isClient ? 401 : 400, { error, error_description: description });
}

/** RFC 6749 has no word for it, but must not be left without a word that clients can read. */
function answerStoreFault({ logger }: PageContext): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (!(error instanceof StoreUnavailable) || res.headersSent) {
      next(error);
      return;
    }
    const reason = 'session_store_unavailable';
    logger.warn('A program could not be answered.', { reason, requestId: headOf(req).id });
    sendLater(res, 503, STORE_RETRY_SEC, 'try again in a few seconds');
  };
}

function sendLater(
  res: Response,
  status: 429 | 503,
  retryAfterSec: number,
  description: string,
): void {
  res.set('Retry-After', String(retryAfterSec));
  sendJson(res, status, { error: 'temporarily_unavailable', error_description: description });
}
