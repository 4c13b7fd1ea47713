// Owns reading a JSON object so that no other reader can find something else in the same bytes.
import { isFields, type Fields } from '../kernel/fields.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/**
 * The object; undefined for anything that parsers read differently (RFC 8259 sections 4 and 8.1):
 * a name that stands twice in the object itself, `__proto__` anywhere, a byte order mark, bytes that
 * are not UTF-8; and for what is not an object.
 */
export function readJsonObject(bytes: Uint8Array): Fields | undefined {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isFields(value) && hasPlainNames(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `text` is valid JSON: a colon outside strings follows a name. */
function hasPlainNames(text: string): boolean {
  const names = new Set<string>();
  let depth = 0;
  let string = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (token !== ':') string = token;
    else if (!isPlainName(String(JSON.parse(string)), depth, names)) return false;
  }
  return true;
}

function isPlainName(name: string, depth: number, names: Set<string>): boolean {
  if (name === '__proto__') return false;
  if (depth !== 1) return true;
  const isNew = !names.has(name);
  names.add(name);
  return isNew;
}
