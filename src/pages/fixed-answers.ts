// Owns the routes that answer without asking anybody: key set, static files, and what is not here.
import type { RequestHandler } from 'express';
import { sendBytes, sendReason } from './answer.ts';
import type { PageContext } from './page-dependencies.ts';
import { ownPagePolicy } from './security-headers.ts';
import type { StaticFile } from './static-files.ts';

/**
 * The public keys of session JWTs (RFC 7517 section 5). Verifiers may keep them for minutes: a key is
 * published long before it signs and stays long after.
 */
export function keySet({ jwks }: PageContext): RequestHandler {
  return (_req, res) => {
    res.set('Cache-Control', 'public, max-age=300');
    sendBytes(res, 'application/jwk-set+json', jwks().body);
  };
}

export function staticFile(file: StaticFile): RequestHandler {
  return (req, res) => {
    res
      .set('Cache-Control', 'public, max-age=3600')
      .set('Content-Type', file.contentType)
      .set('ETag', file.etag);
    if (req.fresh) res.status(304).end();
    else res.send(file.body);
  };
}

export function notFound({ login }: PageContext): RequestHandler {
  return (req, res) => {
    sendReason(req, res, { reason: 'not_found' }, ownPagePolicy(login));
  };
}

/** `allow` as in the Allow header (RFC 9110 section 10.2.1). */
export function onlyMethods({ login }: PageContext, allow: string): RequestHandler {
  return (req, res) => {
    res.set('Allow', allow);
    sendReason(req, res, { reason: 'method_not_allowed' }, ownPagePolicy(login));
  };
}
