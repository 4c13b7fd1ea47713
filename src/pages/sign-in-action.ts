// Owns what a fresh sign-in can be made for: the request that travels sealed in the login attempt and is
// carried out only when the person has just signed in for it.
import { z } from 'zod';
import { parseTokenScope } from '../identity/bearer/token-scope.ts';

const scope = z.string().refine((text) => parseTokenScope(text) !== undefined);
const wish = { name: z.string(), scope, lifetimeMs: z.int().positive() };

const action = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('create-token'), ...wish }),
  z.strictObject({
    kind: z.literal('authorize'),
    ...wish,
    redirectUri: z.string(),
    codeChallenge: z.string(),
    state: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('approve-device'), userCode: z.string() }),
]);

/**
 * - `create-token`: a personal token, shown once on the page after the callback
 * - `authorize`: a command-line login that comes back to a loopback address (RFC 8252 section 7.3)
 * - `approve-device`: a command-line login on a device without a browser (RFC 8628)
 *
 * `scope` is the text of a token scope, `lifetimeMs` milliseconds.
 */
export type SignInAction = Readonly<z.infer<typeof action>>;

/** The text that is sealed into the login attempt. */
export function formatSignInAction(wanted: SignInAction): string {
  return JSON.stringify(wanted);
}

/** The action in a text that we sealed; undefined for one of another release. */
export function parseSignInAction(text: string): SignInAction | undefined {
  const parsed = action.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
