// Owns authorization codes (RFC 6749 section 4.1): a minute, one use, bound to challenge and address.
import { createHash } from 'node:crypto';
import { MINUTE_MS } from '../../kernel/duration.ts';
import { randomId, type Random } from '../../kernel/random.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { GrantKey, GrantRecords } from './grant-records.ts';
import type { LoginWish } from './login-wish.ts';
import { refusal } from './oauth-error.ts';
import { challengeOf } from './pkce.ts';
import {
  endRedeemed,
  isBoundTo,
  redeem,
  type Redemption,
  type RedemptionParts,
} from './redemption.ts';

/** A redirect on one machine takes no time. */
const CODE_LIFE_MS = MINUTE_MS;
/** For how long a second use is recognised. */
const REMEMBERED_MS = 10 * MINUTE_MS;
const CODE_BITS = 256;

export interface CodeParts {
  readonly grantRecords: GrantRecords;
  readonly random: Random;
  readonly clock: Clock;
}

export interface AllowedRequest extends LoginWish {
  readonly redirectUri: string;
  readonly codeChallenge: string;
}

/** A code for what `person` has just allowed. May throw StoreUnavailable. */
export async function issueCode(
  { grantRecords, random, clock }: CodeParts,
  person: string,
  request: AllowedRequest,
): Promise<string> {
  const code = randomId(random, CODE_BITS);
  const { name, scope, lifetimeMs } = request;
  const nowMs = clock.nowMs();
  const grant = {
    wish: { name, scope, lifetimeMs },
    binding: bindingOf(request),
    expiresAtMs: nowMs + CODE_LIFE_MS,
    progress: { kind: 'approved', person },
  } as const;
  const untilMs = nowMs + REMEMBERED_MS;
  await grantRecords.create(keyOf(code), { grant, askedAtMs: nowMs, untilMs });
  return code;
}

export interface PresentedCode {
  readonly code: string;
  /** As it was in the authorization request. */
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

/**
 * Who lacks the verifier learns nothing, and does not use the code up for who has it. May throw
 * StoreUnavailable.
 */
export async function redeemCode(
  parts: RedemptionParts,
  { code, redirectUri, codeVerifier }: PresentedCode,
): Promise<Redemption> {
  const codeChallenge = challengeOf(codeVerifier);
  const found = await parts.grantRecords.read(keyOf(code));
  if (codeChallenge === undefined || found === undefined) return notOurs;
  if (!isBoundTo(found, bindingOf({ redirectUri, codeChallenge }))) return notOurs;
  const { progress, expiresAtMs } = found.grant;
  if (progress.kind === 'redeemed') return endRedeemed(parts, found);
  if (progress.kind !== 'approved' || expiresAtMs <= parts.clock.nowMs()) return notOurs;
  return redeem(parts, found, progress);
}

const notOurs = refusal(
  'invalid_grant',
  'the code has expired, or does not belong to this redirect_uri and code_verifier',
);

function bindingOf(request: Pick<AllowedRequest, 'redirectUri' | 'codeChallenge'>): string {
  return `${request.codeChallenge} ${request.redirectUri}`;
}

function keyOf(code: string): GrantKey {
  const hash = createHash('sha256').update(code).digest('base64url');
  return { purpose: 'authorization-code', hash };
}
