// Owns what a user or group name may look like, so that it is one header value, one element of a
// comma-separated list and no name of Kubernetes itself.

/** Why a name cannot be used; undefined when it can. */
export type NameProblem = 'invalid' | 'reserved';

// Longest e-mail address: 254 (RFC 5321 section 4.5.3.1.3). LDAP names are longer; headers are not endless.
const MAX_NAME_LENGTH = 1_024;

// \p{C}: controls, invisible format characters, lone surrogates, private use and unassigned.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const NON_ASCII = /[^\u0020-\u007e]/u;
const RESERVED = /^system:/i;

/**
 * What is wrong with a name. A comma would make `kubeflow-groups` ambiguous, surrounding white space
 * is lost on the way (RFC 9110 section 5.5), and `system:` names belong to Kubernetes ("Users in
 * Kubernetes"; RBAC grants by them).
 */
export function nameProblem(name: string, allowNonAscii: boolean): NameProblem | undefined {
  if (RESERVED.test(name)) return 'reserved';
  const isPlain =
    name !== '' &&
    name.length <= MAX_NAME_LENGTH &&
    name === name.trim() &&
    !name.includes(',') &&
    !UNPRINTABLE.test(name) &&
    (allowNonAscii || !NON_ASCII.test(name));
  return isPlain ? undefined : 'invalid';
}

/** Lower-cases ASCII only: Unicode's rules turn other letters into ASCII ones (U+212A into "k"). */
export function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
