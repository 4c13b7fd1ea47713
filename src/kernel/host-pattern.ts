// Owns the form of host patterns, which the configuration and the route catalogue share.

/** Letters, digits, "-", "." and placeholders that are not side by side; or `*.` and a domain. */
const form =
  /^(?:\*\.)?(?=[a-z0-9{])(?!.*\}\{)(?:[-a-z0-9.]|\{name\}|\{namespace\})+(?<=[a-z0-9}])$/;

/**
 * Whether `text` is a host pattern: `models.example.com`, `*.models.example.com` for every host below
 * it, or a host with `{namespace}` and perhaps `{name}` in it, each once, such as `{name}.{namespace}.example.com`.
 */
export function isHostPattern(text: string): boolean {
  if (!form.test(text) || /\.\.|\.-|-\./.test(text)) return false;
  const placeholders: readonly string[] = text.match(/\{[a-z]+\}/g) ?? [];
  if (placeholders.length === 0) return true;
  const isRepeated = new Set(placeholders).size !== placeholders.length;
  return placeholders.includes('{namespace}') && !isRepeated && !text.startsWith('*.');
}
