// Owns turning what a person allowed into a login, once.
import type { Clock } from '../../kernel/clock.ts';
import { reasons } from '../../kernel/reasons.ts';
import { isSameText } from '../../kernel/same-text.ts';
import { parseTokenScope } from '../bearer/token-scope.ts';
import type { IssuedLogin, PersonalTokens } from '../personal-tokens/personal-tokens.ts';
import type { GrantRecords, StoredGrant } from './grant-records.ts';
import { refusal, type OAuthRefusal } from './oauth-error.ts';

export interface RedemptionParts {
  readonly grantRecords: GrantRecords;
  readonly tokens: Pick<PersonalTokens, 'createLogin' | 'revoke'>;
  readonly clock: Clock;
}

export type Redemption = { readonly kind: 'issued'; readonly login: IssuedLogin } | OAuthRefusal;

type Approved = Extract<StoredGrant['grant']['progress'], { kind: 'approved' }>;

/** Whether `shown` is what the grant is bound to. */
export function isBoundTo({ grant }: StoredGrant, shown: string): boolean {
  return isSameText(grant.binding, shown);
}

/**
 * The grant is used up before the login is made, and is told the login afterwards. So of two who come
 * with it only one gets a login, and ends up with none when the other came meanwhile: somebody else
 * has the secret (RFC 6749 section 4.1.2). May throw StoreUnavailable; the grant may then be used up.
 */
export async function redeem(
  parts: RedemptionParts,
  found: StoredGrant,
  { person }: Approved,
): Promise<Redemption> {
  const { grantRecords, tokens } = parts;
  const scope = parseTokenScope(found.grant.wish.scope);
  const claimed = await grantRecords.advance(found, { kind: 'redeemed', person });
  if (claimed === undefined || scope === undefined) return endRedeemed(parts, found);
  const created = await tokens.createLogin(person, { ...found.grant.wish, scope });
  if (created.kind === 'refused') return refusal('invalid_grant', reasons[created.reason].title);
  const { login } = created;
  const { handle } = login.summary;
  const told = await grantRecords.advance(claimed, { kind: 'redeemed', person, login: handle });
  if (told !== undefined) return { kind: 'issued', login };
  await tokens.revoke(person, handle);
  return usedBefore;
}

/**
 * Somebody comes with a grant that was used: what came of it ends. While its login is still being
 * made the grant is written once more, which is how the maker learns of it.
 */
export async function endRedeemed(
  { grantRecords, tokens }: RedemptionParts,
  { key }: Pick<StoredGrant, 'key'>,
): Promise<OAuthRefusal> {
  for (;;) {
    const found = await grantRecords.read(key);
    if (found?.grant.progress.kind !== 'redeemed') return usedBefore;
    const { person, login } = found.grant.progress;
    if (login !== undefined) await tokens.revoke(person, login);
    const noted = await grantRecords.advance(found, { kind: 'redeemed', person });
    if (noted !== undefined) return usedBefore;
  }
}

const usedBefore = refusal('invalid_grant', 'it was used before, and what came of it has ended');
