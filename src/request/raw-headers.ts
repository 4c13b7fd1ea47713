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
