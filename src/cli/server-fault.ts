// Owns what a failed exchange with the gateway means to the person who typed the command.
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { errorText } from '../kernel/logger.ts';
import { ProviderUnreachable } from '../identity/login/bounded-fetch.ts';

/** `detail` is fit for a terminal: printable, short, and no code or token is in it. */
export type ServerFault =
  /** It could not be asked; nothing is known. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** It said no (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5). */
  | { readonly kind: 'refused'; readonly error: string; readonly detail: string }
  /** It answered something that no gateway of this kind answers. */
  | { readonly kind: 'unusable'; readonly detail: string };

/** The answer is correct by the protocols and still of no use here. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
}

/** For whatever openid-client throws; rethrows what is no fault of an exchange. */
export function serverFault(thrown: unknown): ServerFault {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const unreachable = [thrown, cause].find((error) => error instanceof ProviderUnreachable);
  if (unreachable !== undefined)
    return { kind: 'unreachable', detail: printable(unreachable.message) };
  if (thrown instanceof AuthorizationResponseError || thrown instanceof ResponseBodyError) {
    const { error, error_description: description = '' } = thrown;
    const detail = [error, description].filter((text) => text !== '').join(': ');
    return { kind: 'refused', error, detail: printable(detail) };
  }
  if (thrown instanceof UnusableAnswer) return { kind: 'unusable', detail: thrown.message };
  if (!(thrown instanceof ClientError)) throw thrown;
  // openid-client hands on the answer that it could not read.
  const detail = cause instanceof Response ? `status ${cause.status}` : errorText(thrown);
  return { kind: 'unusable', detail: printable(detail) };
}

/** What a server says may hold commands for the terminal, or letters that turn its direction. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 300);
}
