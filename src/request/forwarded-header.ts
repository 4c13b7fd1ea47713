// Owns the syntax of the Forwarded header (RFC 7239): its elements and their parameters.
import { splitOutsideQuotes } from './quoted-list.ts';

/** One element: what one proxy said about the hop before it. Parameter names are lower-cased. */
export type ForwardedElement = ReadonlyMap<string, string>;

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;

/**
 * The elements of a Forwarded header value, left to right. An element that breaks the grammar of
 * RFC 7239 section 4, and everything to its left, is left out: who reads from the right stops there.
 */
export function parseForwarded(value: string): readonly ForwardedElement[] {
  const elements: ForwardedElement[] = [];
  for (const text of splitOutsideQuotes(value, ',').reverse()) {
    const element = parseElement(text);
    if (element === undefined) break;
    elements.unshift(element);
  }
  return elements;
}

function parseElement(text: string): ForwardedElement | undefined {
  const parameters = new Map<string, string>();
  for (const pair of splitOutsideQuotes(text, ';')) {
    if (pair.trim() === '') continue;
    const parameter = parsePair(pair.trim());
    if (parameter === undefined || parameters.has(parameter.name)) return undefined;
    parameters.set(parameter.name, parameter.value);
  }
  return parameters.size === 0 ? undefined : parameters;
}

function parsePair(text: string): { name: string; value: string } | undefined {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).toLowerCase();
  const rest = text.slice(equals + 1);
  const value =
    wholeMatch(quoted, rest)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? wholeMatch(token, rest)?.[0];
  return wholeMatch(token, name) === undefined || value === undefined ? undefined : { name, value };
}

function wholeMatch(pattern: RegExp, text: string): RegExpExecArray | undefined {
  pattern.lastIndex = 0;
  const match = pattern.exec(text);
  return match?.[0].length === text.length ? match : undefined;
}
