// Owns requests of devices without a browser (RFC 8628): they wait until somebody types their code elsewhere.
import { createHash } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../kernel/duration.ts';
import { randomId, type Random } from '../../kernel/random.ts';
import type { GrantKey, GrantRecords, StoredGrant } from './grant-records.ts';
import type { LoginWish } from './login-wish.ts';
import { refusal } from './oauth-error.ts';
import {
  endRedeemed,
  isBoundTo,
  redeem,
  type Redemption,
  type RedemptionParts,
} from './redemption.ts';
import { newUserCode } from './user-code.ts';

const REQUEST_LIFE_MS = 10 * MINUTE_MS;
/** A device that polls more often is told to slow down (RFC 8628 section 3.5); a second is for the network. */
const POLL_INTERVAL_MS = 5 * SECOND_MS;
const POLL_TOLERANCE_MS = SECOND_MS;
const SECRET_BITS = 256;
const DEVICE_CODE = /^([\w-]{43})\.([\w-]{43})$/;

export interface DeviceParts {
  readonly grantRecords: GrantRecords;
  readonly random: Random;
  readonly clock: Clock;
}

export interface BegunDevice {
  readonly deviceCode: string;
  /** Without its dash. */
  readonly userCode: string;
  readonly expiresInSec: number;
  readonly intervalSec: number;
}

/**
 * The record is found by the user code, which therefore no two requests have; the device shows a
 * secret of its own besides. May throw StoreUnavailable.
 */
export async function beginDevice(
  { grantRecords, random, clock }: DeviceParts,
  wish: LoginWish,
): Promise<BegunDevice> {
  const secret = randomId(random, SECRET_BITS);
  const nowMs = clock.nowMs();
  const expiresAtMs = nowMs + REQUEST_LIFE_MS;
  const grant = {
    wish,
    binding: hashOf('device', secret),
    expiresAtMs,
    progress: { kind: 'pending' },
  } as const;
  const given = { grant, askedAtMs: nowMs - POLL_INTERVAL_MS, untilMs: expiresAtMs };
  let userCode: string;
  do userCode = newUserCode(random);
  while ((await grantRecords.create(keyOf(userCode), given)) === 'exists');
  return {
    deviceCode: `${keyOf(userCode).hash}.${secret}`,
    userCode,
    expiresInSec: REQUEST_LIFE_MS / SECOND_MS,
    intervalSec: POLL_INTERVAL_MS / SECOND_MS,
  };
}

/** What the device with this code asks for, while it waits; undefined otherwise. May throw StoreUnavailable. */
export async function waitingDevice(
  parts: Pick<DeviceParts, 'grantRecords' | 'clock'>,
  userCode: string,
): Promise<(LoginWish & Pick<StoredGrant['grant'], 'expiresAtMs'>) | undefined> {
  const found = await waiting(parts, userCode);
  return found && { ...found.grant.wish, expiresAtMs: found.grant.expiresAtMs };
}

/**
 * `person` lets the device with this code act for them; undefined: nobody does. False when it no
 * longer waits. May throw StoreUnavailable.
 */
export async function answerDevice(
  parts: Pick<DeviceParts, 'grantRecords' | 'clock'>,
  userCode: string,
  person: string | undefined,
): Promise<boolean> {
  const found = await waiting(parts, userCode);
  if (found === undefined) return false;
  const progress = person === undefined ? denied : ({ kind: 'approved', person } as const);
  return (await parts.grantRecords.advance(found, progress)) !== undefined;
}

/** The answer to a poll (RFC 8628 section 3.5). May throw StoreUnavailable. */
export async function redeemDevice(
  parts: RedemptionParts,
  deviceCode: string,
): Promise<Redemption> {
  const [, hash, secret] = DEVICE_CODE.exec(deviceCode) ?? [];
  if (hash === undefined || secret === undefined) return notOurs;
  const found = await parts.grantRecords.read({ purpose: 'device-request', hash });
  if (found === undefined) return expired;
  if (!isBoundTo(found, hashOf('device', secret))) return notOurs;
  const { progress, expiresAtMs } = found.grant;
  if (progress.kind === 'redeemed') return endRedeemed(parts, found);
  if (expiresAtMs <= parts.clock.nowMs()) return expired;
  if (progress.kind === 'denied') return refusal('access_denied', 'the person said no');
  return progress.kind === 'approved' ? redeem(parts, found, progress) : stillWaiting(parts, found);
}

async function stillWaiting(
  { grantRecords, clock }: RedemptionParts,
  found: StoredGrant,
): Promise<Redemption> {
  const nowMs = clock.nowMs();
  await grantRecords.asked(found, nowMs);
  const isEarly = nowMs - found.lastAskedAtMs < POLL_INTERVAL_MS - POLL_TOLERANCE_MS;
  return isEarly ? tooOften : pending;
}

async function waiting(
  { grantRecords, clock }: Pick<DeviceParts, 'grantRecords' | 'clock'>,
  userCode: string,
): Promise<StoredGrant | undefined> {
  const found = await grantRecords.read(keyOf(userCode));
  const isWaiting =
    found?.grant.progress.kind === 'pending' && found.grant.expiresAtMs > clock.nowMs();
  return isWaiting ? found : undefined;
}

const denied = { kind: 'denied' } as const;
const notOurs = refusal('invalid_grant', 'there is no such device_code');
const expired = refusal('expired_token', 'the device_code has expired');
const pending = refusal('authorization_pending', 'nobody has answered yet');
const tooOften = refusal('slow_down', 'the interval is five seconds longer from now on');

function keyOf(userCode: string): GrantKey {
  return { purpose: 'device-request', hash: hashOf('user', userCode) };
}

function hashOf(purpose: 'user' | 'device', text: string): string {
  return createHash('sha256').update(`${purpose} ${text}`).digest('base64url');
}
