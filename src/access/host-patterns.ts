// Owns host patterns: which Host headers a list of names, wildcards and placeholders means, and what
// the placeholders stand for.
import { isHostPattern } from '../kernel/host-pattern.ts';
import { isDnsLabel } from '../request/dns-name.ts';
import { hostName } from '../request/host.ts';

/** What a host says of an inference service, as one pattern reads it. */
export interface HostReading {
  readonly namespace: string;
  /** Empty where the pattern names none. */
  readonly name: string;
}

interface MatchedHost {
  /** Every way to read the host. Empty for a pattern without `{namespace}`. */
  readonly readings: readonly HostReading[];
}

export type HostReader = (host: string) => MatchedHost | undefined;

/**
 * Compiles patterns. `models.example.com` means that host, `*.models.example.com` every host below it;
 * a placeholder stands for one DNS label or part of one. Case, port and a final dot make no difference,
 * as for DNS names (RFC 4343, RFC 3986 section 3.2.2). Where `{name}-{namespace}` can be split in more
 * than one place, and where several patterns fit, every reading is told.
 * Throws a RangeError for what is not a pattern.
 */
export function compileHostPatterns(patterns: readonly string[]): HostReader {
  const wrong = patterns.find((pattern) => !isHostPattern(pattern));
  if (wrong !== undefined) throw new RangeError(`not a host pattern: ${wrong}`);
  if (patterns.length === 0) return () => undefined;
  const plain = patterns.filter((pattern) => !pattern.includes('{'));
  const exact = new Set(plain.filter((pattern) => !pattern.startsWith('*.')));
  const endings = plain.filter((pattern) => pattern.startsWith('*.')).map((p) => p.slice(1));
  const placed = patterns.filter((pattern) => pattern.includes('{')).map(partsOf);
  return remembered((host) => {
    const name = hostName(host);
    const readings = placed.flatMap((parts) => readAll(parts, name));
    if (readings.length > 0) return { readings };
    const isPlain = exact.has(name) || endings.some((ending) => name.endsWith(ending));
    return isPlain ? { readings: [] } : undefined;
  });
}

const REMEMBERED_HOSTS = 1024;
/** A DNS name has at most 253 characters, a port six more. */
const REMEMBERED_LENGTH = 260;

/** The same few hosts come with nearly every request. */
function remembered(read: HostReader): HostReader {
  const known = new Map<string, MatchedHost | undefined>();
  return (host) => {
    if (known.has(host)) return known.get(host);
    const matched = read(host);
    if (host.length > REMEMBERED_LENGTH) return matched;
    // Emptied rather than evicted one by one: only a client that invents hosts gets here often.
    if (known.size >= REMEMBERED_HOSTS) known.clear();
    known.set(host, matched);
    return matched;
  };
}

type Part = { readonly literal: string } | { readonly key: keyof HostReading };

function partsOf(pattern: string): readonly Part[] {
  return pattern
    .split(/(\{[a-z]+\})/)
    .filter((text) => text !== '')
    .map((text) => {
      if (text === '{name}') return { key: 'name' };
      return text === '{namespace}' ? { key: 'namespace' } : { literal: text };
    });
}

const nothingRead: HostReading = { namespace: '', name: '' };

/** Every way in which `parts` make up the whole of `text`. */
function readAll(
  parts: readonly Part[],
  text: string,
  before: HostReading = nothingRead,
): readonly HostReading[] {
  const [part, ...rest] = parts;
  if (part === undefined) return text === '' ? [before] : [];
  if ('literal' in part) {
    const { literal } = part;
    return text.startsWith(literal) ? readAll(rest, text.slice(literal.length), before) : [];
  }
  const [next] = rest;
  const labels =
    next !== undefined && 'literal' in next ? labelsBefore(next.literal, text) : [text];
  return labels
    .filter(isDnsLabel)
    .flatMap((label) => readAll(rest, text.slice(label.length), { ...before, [part.key]: label }));
}

/** What `text` begins with before each place where `literal` stands, as far as its first label goes. */
function labelsBefore(literal: string, text: string): string[] {
  const labels: string[] = [];
  const dot = text.indexOf('.');
  const last = dot === -1 ? text.length : dot;
  for (
    let end = text.indexOf(literal);
    end !== -1 && end <= last;
    end = text.indexOf(literal, end + 1)
  )
    labels.push(text.slice(0, end));
  return labels;
}
