// Owns splitting header values that may hold quoted strings (RFC 9110 section 5.6.4).

/**
 * The parts between separators that stand outside quoted strings. A quote that is never closed
 * quotes nothing, so that it cannot hide what follows. Linear in the length of the text.
 */
export function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isQuoted && character === '\\') index++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === separator) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  if (isQuoted) return text.split(separator);
  parts.push(text.slice(from));
  return parts;
}
