// Owns the way from the text of a manifest file to the objects in it.
import { isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { isFields, type Fields } from '../../kernel/fields.ts';

export interface ManifestFile {
  /** Its name inside the directory. */
  readonly name: string;
  readonly text: string;
}

/** Where in the manifests something stands; lines are counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface ManifestObject extends Place {
  /** `group/version`, or a version alone for the core group. */
  readonly apiVersion: string;
  readonly kind: string;
  /** The whole object as parsed. */
  readonly fields: Fields;
}

export interface ManifestProblem extends Place {
  readonly problem: string;
}

export interface ObjectsOfFile {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

/** What the lists around an object say for it. */
interface Around {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  /** How many lists that are. */
  readonly depth: number;
}

/** Nobody writes lists of lists, but an alias can put a list into itself. */
const MAX_DEPTH = 3;

/**
 * The objects of all documents, lists unfolded. YAML 1.1 with keys that are text, as kubectl reads it, and therefore
 * JSON too: `yes` and `on` are no text there either. Never throws.
 */
export function objectsOf(file: ManifestFile): ObjectsOfFile {
  const lines = new LineCounter();
  const documents = parseAllDocuments(file.text, {
    lineCounter: lines,
    stringKeys: true,
    version: '1.1',
    // An alias of an alias would write a warning to the process's output.
    logLevel: 'silent',
  });
  const reading = new FileReading(file.name, lines);
  for (const document of documents) reading.take(document);
  return reading;
}

class FileReading implements ObjectsOfFile {
  readonly objects: ManifestObject[] = [];
  readonly problems: ManifestProblem[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  take(document: Document.Parsed): void {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) {
      const what = fault.code.toLowerCase().replaceAll('_', ' ');
      this.#complain(this.#lineAt(fault.pos[0]), `is not YAML that can be read (${what})`);
      return;
    }
    const line = this.#lineAt(document.contents?.range[0] ?? 0);
    const value = plainValue(document);
    if (value instanceof Error) this.#complain(line, 'uses YAML aliases that cannot be resolved');
    else if (value !== null) {
      const itemLines = this.#linesOfItems(document);
      this.#takeValue(value, line, { depth: 0 }, itemLines);
    }
  }

  /** `itemLines` are those of a list's items, as far as they are known. */
  #takeValue(
    value: unknown,
    line: number,
    around: Around,
    itemLines: readonly number[] = [],
  ): void {
    const type = typeOf(value, around);
    if (type.kind === 'problem') {
      this.#complain(line, type.problem);
      return;
    }
    const items = type.fields['items'];
    if (!type.kindName.endsWith('List') || !Array.isArray(items)) {
      const { apiVersion, kindName: kind, fields } = type;
      this.objects.push({ file: this.#file, line, apiVersion, kind, fields });
      return;
    }
    const inside = { ...typeOfItems(type), depth: around.depth + 1 };
    if (inside.depth > MAX_DEPTH) this.#complain(line, 'lists stand in lists too deep');
    else
      for (const [index, item] of items.entries())
        this.#takeValue(item, itemLines[index] ?? line, inside);
  }

  #linesOfItems(document: Document.Parsed): number[] {
    const items = document.getIn(['items'], true);
    if (!isSeq(items)) return [];
    return items.items.map((item) => this.#lineAt(startOf(item) ?? startOf(items) ?? 0));
  }

  #lineAt(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line);
  }

  #complain(line: number, problem: string): void {
    this.problems.push({ file: this.#file, line, problem });
  }
}

/** Resolving throws where an alias names nothing, or aliases multiply beyond reason. */
function plainValue(document: Document.Parsed): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    return error instanceof Error ? error : new Error('the document cannot be resolved');
  }
}

type TypeOf =
  | {
      readonly kind: 'typed';
      readonly apiVersion: string;
      readonly kindName: string;
      readonly fields: Fields;
    }
  | { readonly kind: 'problem'; readonly problem: string };

function typeOf(value: unknown, around: Around): TypeOf {
  if (!isFields(value)) return { kind: 'problem', problem: 'is not an object' };
  const { apiVersion = around.apiVersion, kind = around.kind } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    const missing = typeof apiVersion === 'string' ? 'kind' : 'apiVersion';
    return { kind: 'problem', problem: `${missing} is missing or is not text` };
  }
  return { kind: 'typed', apiVersion, kindName: kind, fields: value };
}

/** Items of a `List` say themselves what they are; those of a `RoleList` need not. */
function typeOfItems({
  apiVersion,
  kindName,
}: Extract<TypeOf, { kind: 'typed' }>): Omit<Around, 'depth'> {
  return kindName === 'List' ? {} : { apiVersion, kind: kindName.slice(0, -'List'.length) };
}

function startOf(node: unknown): number | undefined {
  if (!isFields(node) || !Array.isArray(node['range'])) return undefined;
  const [start] = node['range'] as readonly unknown[];
  return typeof start === 'number' ? start : undefined;
}
