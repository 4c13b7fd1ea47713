// Owns reading a catalogue file: YAML in, rows or all problems out, each with its line and row.
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { errorText } from '../../kernel/logger.ts';
import { parseAsk } from './ask-line.ts';
import {
  catalogueSchema,
  type WrittenApplication,
  type WrittenCatalogue,
  type WrittenRow,
} from './catalogue-schema.ts';
import { EXACT_CASE, parsePattern, type PathPattern } from './path-pattern.ts';
import type { NamespaceSource, RouteRow } from './route-row.ts';

export interface CatalogueProblem {
  readonly file: string;
  /** From 1; 0 where it is the file as a whole. */
  readonly line: number;
  /** The row's id; undefined where it is none, or has none. */
  readonly row: string | undefined;
  readonly message: string;
}

export type ReadCatalogue =
  | { readonly kind: 'read'; readonly rows: readonly RouteRow[] }
  | { readonly kind: 'invalid'; readonly problems: readonly CatalogueProblem[] };

/** `routes.yaml:12: row my-app: asks for {name}, which /my-app/** does not have`. */
export function problemText({ file, line, row, message }: CatalogueProblem): string {
  const place = line === 0 ? file : `${file}:${line}`;
  return row === undefined ? `${place}: ${message}` : `${place}: row ${row}: ${message}`;
}

/**
 * Reads the text of a catalogue file; `file` is what problems call it. Tells every problem of form at
 * once; never throws.
 */
export function readCatalogue(text: string, file = 'catalogue'): ReadCatalogue {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, stringKeys: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    return {
      kind: 'invalid',
      problems: faults.map(({ pos, message }) => ({
        file,
        line: lines.linePos(pos[0]).line,
        row: undefined,
        message: message.split('\n', 1)[0] ?? message,
      })),
    };
  const places = new Places(file, document, lines);
  const written = writtenIn(document);
  if (written.kind === 'unresolved')
    return { kind: 'invalid', problems: [places.problem([], written.message)] };
  const checked = catalogueSchema.safeParse(written.value);
  if (checked.success) return { kind: 'read', rows: rowsOf(checked.data, places) };
  const problems = checked.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => places.problem([...issue.path, key], `${key} is not a key here`))
      : [places.problem(issue.path, issueText(issue.path, issue.message))],
  );
  return { kind: 'invalid', problems: problems.toSorted((a, b) => a.line - b.line) };
}

type Written =
  | { readonly kind: 'written'; readonly value: unknown }
  | { readonly kind: 'unresolved'; readonly message: string };

/** An empty file has no rows. Aliases without an anchor, or of far too much, show only here. */
function writtenIn(document: Document): Written {
  try {
    const value: unknown = document.toJS();
    return { kind: 'written', value: value ?? {} };
  } catch (error) {
    return { kind: 'unresolved', message: errorText(error) };
  }
}

function issueText(path: readonly PropertyKey[], message: string): string {
  const key = path.findLast((part) => typeof part === 'string');
  return key === undefined ? message : `${key}: ${message}`;
}

/** Where things stand in the file. */
class Places {
  readonly file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document, lines: LineCounter) {
    this.file = file;
    this.#document = document;
    this.#lines = lines;
  }

  /** The line of the node at `path`, or of the nearest one around it that exists. */
  #lineAt(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      const start = isNode(node) ? node.range?.[0] : undefined;
      if (start !== undefined) return this.#lines.linePos(start).line;
    }
    return 0;
  }

  at(path: readonly PropertyKey[]): RouteRow['place'] {
    return { file: this.file, line: this.#lineAt(path) };
  }

  problem(path: readonly PropertyKey[], message: string): CatalogueProblem {
    return { file: this.file, line: this.#lineAt(path), row: this.#rowAt(path), message };
  }

  #rowAt(path: readonly PropertyKey[]): string | undefined {
    const end = path.lastIndexOf('rows') + 2;
    const id = end < 2 ? undefined : this.#document.getIn([...path.slice(0, end), 'id']);
    return typeof id === 'string' ? id : undefined;
  }
}

function rowsOf(catalogue: WrittenCatalogue, places: Places): readonly RouteRow[] {
  const alone = (catalogue.rows ?? []).map((row, index) =>
    completeRow(row, undefined, places.at(['rows', index])),
  );
  const grouped = (catalogue.applications ?? []).flatMap((application, at) =>
    application.rows.map((row, index) =>
      completeRow(row, application, places.at(['applications', at, 'rows', index])),
    ),
  );
  return [...alone, ...grouped];
}

/** A row without a class belongs to this one. */
const DEFAULT_CLASS = 'other';

function completeRow(
  row: WrittenRow,
  application: WrittenApplication | undefined,
  place: RouteRow['place'],
): RouteRow {
  const said = { ...defaultTraits, ...application, ...row };
  const paths = pathsOf(row, application?.prefix ?? '', said.caseInsensitive);
  const namespace = namespaceOf(row, paths);
  return {
    id: row.id,
    place,
    paths,
    hosts: row.host?.includes('inferenceHosts') === true ? 'inferenceHosts' : row.host,
    methods: methodsOf(row),
    class: said.class,
    effect: row.effect,
    neverRedirect: said.neverRedirect,
    passAuthorization: said.passAuthorization,
    isByIdOnly: said.byIdOnly,
    isNamespaceFree: row.namespaceFree ?? false,
    hasFreeNames: said.freeNames,
    refusesMethodOverride: said.refuseMethodOverride,
    refusedReferer: said.refuseReferer,
    namespace,
    mustAgree: namespace.kind === 'path' ? said.mustAgree : [],
    overriddenBy: row.overriddenBy ?? [],
    ask: (row.ask ?? []).map(parseAsk).filter((each) => each !== undefined),
    ...fallbacksOf(row, namespace),
    allow: row.allow,
    inspect: row.inspect,
    serviceAccountsCannot: said.serviceAccounts?.because,
  };
}

const defaultTraits = {
  class: DEFAULT_CLASS,
  caseInsensitive: false,
  neverRedirect: false,
  passAuthorization: false,
  byIdOnly: false,
  freeNames: false,
  refuseMethodOverride: false,
  refuseReferer: undefined,
  mustAgree: [],
};

function methodsOf({ methods = ['any'] }: WrittenRow): RouteRow['methods'] {
  const named = methods.filter((method) => method !== 'any');
  return named.length === methods.length ? named : 'any';
}

/** A parameter that ought to name the namespace and does not is refused unless the row says otherwise. */
function fallbacksOf(
  { noNamespace, emptyNamespace }: WrittenRow,
  { kind }: NamespaceSource,
): Pick<RouteRow, 'noNamespace' | 'emptyNamespace'> {
  const fallback = noNamespace ?? (kind === 'query' ? 'deny' : 'authenticated');
  return { noNamespace: fallback, emptyNamespace: emptyNamespace ?? fallback };
}

/** Proxies in front compare the prefix byte for byte, whatever the application does with the rest. */
function pathsOf(row: WrittenRow, prefix: string, isFolded: boolean): PathPattern[] {
  const foldedFrom = isFolded ? prefix.split('/').length - 1 : EXACT_CASE;
  return (row.path ?? [])
    .map((text) => parsePattern(text === '/' && prefix !== '' ? prefix : prefix + text, foldedFrom))
    .filter((pattern) => pattern !== undefined);
}

function namespaceOf(row: WrittenRow, paths: readonly PathPattern[]): NamespaceSource {
  const { namespace, host } = row;
  if (namespace !== undefined) {
    const { query, when } = namespace;
    return {
      kind: 'query',
      parameters: query,
      ...(when === undefined ? {} : { when: { parameters: when.query, values: when.is } }),
    };
  }
  if (host !== undefined) return { kind: 'host' };
  return paths.some(({ text }) => text.includes('{namespace}'))
    ? { kind: 'path' }
    : { kind: 'none' };
}
