// Owns the shape of raw headers: one array of alternating names and values (node:http `rawHeaders`).

/** Calls `visit` for each header line, in order. */
export function forEachHeader(
  rawHeaders: readonly string[],
  visit: (name: string, value: string) => void,
): void {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    visit(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
}

/** All that a field value may hold (RFC 9110 section 5.5), one byte of it per character. */
const outsideFieldValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether a header name or value holds a control character other than the tab. */
export function hasControlCharacter(text: string): boolean {
  return outsideFieldValue.test(text);
}
