// Owns the kinds of values that options have: how each is written, checked and explained.
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDurationMs } from '../kernel/duration.ts';
import { isHostPattern } from '../kernel/host-pattern.ts';

interface Described {
  /** What the option means, for docs/configuration.md and the JSON Schema. */
  readonly about: string;
}

/** Reads as "must be …", or, when the option is missing, as "is required: …". */
function wanted(text: string): (issue: { readonly input?: unknown }) => string {
  return (issue) => (issue.input === undefined ? `is required: ${text}` : `must be ${text}`);
}

/** Annotations of the JSON Schema; `x-type` is the kind of value that the documentation names. */
function meta(kind: string, about: string): { description: string; 'x-type': string } {
  return { description: about, 'x-type': kind };
}

/** A string that `parse` turns into a value, or refuses by returning undefined. The message never
 * repeats the input: a secret may have been pasted into the wrong option. */
function parsed<T>(kind: string, about: string, form: string, parse: (t: string) => T | undefined) {
  const error = wanted(form);
  return z
    .string({ error })
    .transform((input, context): T => {
      const value = parse(input);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `must be ${form}` });
      return z.NEVER;
    })
    .meta(meta(kind, about));
}

type Range = Described & { readonly min: string; readonly max: string };

/** A duration such as `90s` or `5m`, from `min` to `max`; milliseconds inside. */
export function duration({ about, min, max }: Range) {
  const within = between(parseDurationMs, min, max);
  const form = `a duration from ${min} to ${max} such as 90s, 5m or 12h`;
  return parsed(`duration, ${min} to ${max}`, about, form, within).meta({
    pattern: '^[0-9]{1,9}(ms|s|m|h|d)$',
  });
}

/** A size such as `64KiB`, from `min` to `max`; bytes inside. */
export function size({ about, min, max }: Range) {
  const within = between(parseSizeBytes, min, max);
  const form = `a size from ${min} to ${max} such as 512B, 64KiB or 1MiB`;
  return parsed(`size, ${min} to ${max}`, about, form, within).meta({
    pattern: '^[0-9]{1,9}(B|KiB|MiB)$',
  });
}

/** `parse`, for values from `min` to `max` only. */
function between(parse: (text: string) => number | undefined, min: string, max: string) {
  const [least = 0, most = 0] = [parse(min), parse(max)];
  return (text: string): number | undefined => {
    const value = parse(text);
    return value !== undefined && value >= least && value <= most ? value : undefined;
  };
}

const SIZE_UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2 };

function parseSizeBytes(text: string): number | undefined {
  const match = /^(\d{1,9})(B|KiB|MiB)$/.exec(text);
  const unit = SIZE_UNIT_BYTES[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** A whole number from `min` to `max`. */
export function count({ about, min, max }: Described & { min: number; max: number }) {
  const error = wanted(`a whole number from ${min} to ${max}`);
  return z
    .int({ error })
    .min(min, { error })
    .max(max, { error })
    .meta(meta(`number, ${min} to ${max}`, about));
}

export function flag({ about }: Described) {
  return z.boolean({ error: wanted('true or false') }).meta(meta('boolean', about));
}

export function choice<const T extends readonly [string, ...string[]]>(
  values: T,
  { about }: Described,
) {
  return z
    .enum(values, { error: wanted(`one of ${values.join(', ')}`) })
    .meta(meta('choice', about));
}

/** Printable text, not empty. */
export function text({ about }: Described) {
  return parsed('text', about, 'printable text that is not empty', (t) =>
    isPrintable(t) && t !== '' ? t : undefined,
  );
}

/** Printable text that may be empty. */
export function optionalText({ about }: Described) {
  return parsed('text', about, 'printable text', (t) => (isPrintable(t) ? t : undefined));
}

function isPrintable(input: string): boolean {
  return !/\p{Cc}/u.test(input) && input.trim() === input;
}

/** The path of a file that must be readable when the gateway starts. */
export function file({ about }: Described) {
  return pathLeaf('file', about);
}

/** The path of a directory that must be readable when the gateway starts. */
export function directory({ about }: Described) {
  return pathLeaf('directory', about);
}

function pathLeaf(kind: 'file' | 'directory', about: string) {
  return parsed(kind, about, `the path of a ${kind}`, (t) =>
    t !== '' && !t.includes('\0') ? t : undefined,
  );
}

/** An absolute http or https URL without credentials or fragment; kept exactly as written. */
export function url({ about }: Described) {
  return parsed('URL', about, 'an http:// or https:// URL', (t) =>
    parseHttpUrl(t) === undefined ? undefined : t,
  );
}

/** An absolute URL as `url`, or a path on the gateway's own public address; kept as written. */
export function urlOrPath({ about }: Described) {
  const form = 'an http:// or https:// URL or a path that begins with one "/"';
  return parsed('URL or path', about, form, (t) =>
    isPlainPathWithQuery(t) || parseHttpUrl(t) !== undefined ? t : undefined,
  );
}

/** Scheme, host and port of an http or https address, in canonical form (RFC 6454 section 6.2). */
export function origin({ about }: Described) {
  return parsed(
    'origin',
    about,
    'scheme, host and port alone, as in https://kubeflow.example.com',
    (t) => {
      const address = parseHttpUrl(t);
      return address?.pathname === '/' && address.search === '' ? address.origin : undefined;
    },
  );
}

function parseHttpUrl(input: string): URL | undefined {
  if (!/^https?:\/\/[^\s\\#@]+$/.test(input) || !URL.canParse(input)) return undefined;
  return new URL(input);
}

/** A path prefix on the public address: canonical, without query. */
export function pathPrefix({ about }: Described) {
  return parsed(
    'path prefix',
    about,
    'a path that begins with "/", such as / or /notebook/',
    (t) => (isPlainPath(t) ? t : undefined),
  );
}

/** A path whose every reader agrees on its meaning: no dot segment, empty segment or encoding. */
function isPlainPath(input: string): boolean {
  return (
    /^\/([\w.~!$&'()*+,=:@-]+\/)*([\w.~!$&'()*+,=:@-]+)?$/.test(input) &&
    !/\/\.{1,2}(\/|$)/.test(input)
  );
}

function isPlainPathWithQuery(input: string): boolean {
  const [path = '', ...query] = input.split('?');
  return isPlainPath(path) && /^[\w.~!$&'()*+,=:@/?%-]*$/.test(query.join('?'));
}

/** An address range in CIDR form, or one address. `/0` is refused: it would trust everybody. */
export function cidr({ about }: Described) {
  return parsed('CIDR', about, 'an address range such as 10.0.0.0/8 or fd00::/8 (never /0)', (t) =>
    isCidr(t) ? t : undefined,
  );
}

function isCidr(input: string): boolean {
  const [address = '', bits, ...rest] = input.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (family === 6 && !isPlainIPv6(address)) return false;
  if (bits === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** No zone, and no IPv4 in the guise of IPv6 (`::ffff:0.0.0.0/96` is all of IPv4). */
function isPlainIPv6(address: string): boolean {
  const canonical = URL.parse(`http://[${address}]`)?.hostname;
  return canonical !== undefined && !canonical.startsWith('[::ffff:');
}

/** A header name in lower case without `_` or `.`, which applications fold into `-`. */
export function headerName({ about }: Described) {
  return parsed('header name', about, 'a header name of lower-case letters, digits and "-"', (t) =>
    /^[a-z0-9]+(-[a-z0-9]+)*$/.test(t) ? t : undefined,
  );
}

/** A header name as `headerName`, or the beginning of names and `*`. */
export function headerPattern({ about }: Described) {
  const form = 'a header name of lower-case letters, digits and "-", or its beginning and "*"';
  return parsed('header name or beginning*', about, form, (t) =>
    /^[a-z0-9][a-z0-9-]*\*?$/.test(t) ? t : undefined,
  );
}

/** `host:port`, with IPv6 in brackets; kept as written. */
export function hostPort({ about }: Described) {
  return parsed('host:port', about, 'host:port, such as redis.kubeflow.svc:6379', (t) => {
    const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/.exec(t)?.[1]);
    return port >= 1 && port <= 65_535 ? t : undefined;
  });
}

/** A host name, `*.` and a domain, or a host with `{name}` and `{namespace}` in it; in lower case. */
export function hostPattern({ about }: Described) {
  const form =
    'a host such as models.example.com, *.example.com or {name}.{namespace}.example.com, in lower case without a port';
  return parsed('host pattern', about, form, (t) => (isHostPattern(t) ? t : undefined));
}

/** A list; `about` says what an element is. */
export function list<T extends z.ZodType>(element: T, { about }: Described) {
  return z.array(element, { error: wanted('a list') }).meta(meta('list', about));
}

/** A mapping of options; keys that are not options are errors. */
export function section<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: wantedMapping });
}

function wantedMapping(issue: {
  readonly code?: string;
  readonly input?: unknown;
}): string | undefined {
  return issue.code === 'invalid_type' ? wanted('a mapping of options')(issue) : undefined;
}
