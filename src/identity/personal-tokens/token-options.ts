// Owns the options of the tokens that people make here. Their defaults are the configuration schema's;
// the reasons for them are in docs/decisions/0019-personal-tokens.md.
export interface PersonalTokenOptions {
  /** The longest life that a token or login can be given, in milliseconds. */
  readonly maxLifetimeMs: number;
  /** Most live tokens and logins of one person. */
  readonly maxPerPerson: number;
  /** How long the short tokens of a login live, in milliseconds. */
  readonly accessLifetimeMs: number;
  /** Age at which the owner's claims are fetched anew when a token is used, in milliseconds. */
  readonly claimsRefreshAfterMs: number;
  /** Age of the owner's claims beyond which a token is refused, in milliseconds. */
  readonly maxClaimsAgeMs: number;
}
