// Owns the tree of path patterns: which rows a path leads to, the most specific first.
import { segmentTakes, type PathPattern, type PatternSegment } from './path-pattern.ts';
import type { Method } from './route-row.ts';

interface Affixed<T> {
  readonly segment: PatternSegment;
  readonly isFolded: boolean;
  readonly node: Node<T>;
}

/** What ends at a node, by method. */
type ByMethod<T> = Map<string, T>;

class Node<T> {
  readonly literals = new Map<string, Node<T>>();
  /** Literals of applications that ignore case, in lower case. */
  readonly folded = new Map<string, Node<T>>();
  /** Placeholders with a fixed beginning or ending, the longest first. */
  readonly affixed: Affixed<T>[] = [];
  any: Node<T> | undefined = undefined;
  here: ByMethod<T> | undefined = undefined;
  /** Patterns with `**`. */
  below: ByMethod<T> | undefined = undefined;

  get isLeaf(): boolean {
    return (
      this.literals.size === 0 &&
      this.folded.size === 0 &&
      this.affixed.length === 0 &&
      this.any === undefined
    );
  }
}

export class RouteTree<T> {
  readonly #root = new Node<T>();
  /** State of one search. */
  #segments: readonly string[] = [];
  #end = 0;
  #method = '';
  #looked = 0;
  #others: ByMethod<T> | undefined = undefined;

  /** Adds what a pattern leads to. What was added before for the same pattern and method stays. */
  add(pattern: PathPattern, methods: readonly Method[], found: T): void {
    const node = pattern.segments.reduce(
      (at, segment, index) => childOf(at, segment, index >= pattern.foldedFrom),
      this.#root,
    );
    const table = pattern.hasRest ? (node.below ??= new Map()) : (node.here ??= new Map());
    for (const method of methods) if (!table.has(method)) table.set(method, found);
  }

  /**
   * What the path leads to. A literal wins over a placeholder, which wins over `**`; where the more
   * specific way has nothing for the method, the next one is tried. One slash at the end makes no difference.
   */
  find(segments: readonly string[], method: string): T | undefined {
    this.#segments = segments;
    this.#end = segments.at(-1) === '' ? segments.length - 1 : segments.length;
    this.#method = method;
    this.#looked = 0;
    this.#others = undefined;
    return this.#search(this.#root, 0);
  }

  /** How many leading segments the last search looked at: another spelling of these could have led elsewhere. */
  get looked(): number {
    return this.#looked;
  }

  /** Where the last search found nothing: what the most specific pattern that fits leads to by other methods. */
  get others(): ReadonlyMap<string, T> | undefined {
    return this.#others;
  }

  #search(node: Node<T>, at: number): T | undefined {
    const deeper = at < this.#end ? this.#descend(node, at) : this.#byMethod(node.here);
    return deeper ?? this.#byMethod(node.below);
  }

  #byMethod(table: ByMethod<T> | undefined): T | undefined {
    const found = table?.get(this.#method);
    if (found === undefined) this.#others ??= table;
    return found;
  }

  #descend(node: Node<T>, at: number): T | undefined {
    if (node.isLeaf) return undefined;
    if (at >= this.#looked) this.#looked = at + 1;
    const segment = this.#segments[at] ?? '';
    if (segment === '') return undefined;
    return this.#literally(node, segment, at) ?? this.#loosely(node, segment, at);
  }

  #literally(node: Node<T>, segment: string, at: number): T | undefined {
    const exact = node.literals.get(segment);
    const found = exact === undefined ? undefined : this.#search(exact, at + 1);
    if (found !== undefined || node.folded.size === 0) return found;
    const folded = node.folded.get(segment.toLowerCase());
    return folded === undefined ? undefined : this.#search(folded, at + 1);
  }

  #loosely(node: Node<T>, segment: string, at: number): T | undefined {
    for (const affixed of node.affixed) {
      if (!segmentTakes(affixed.segment, segment, affixed.isFolded)) continue;
      const found = this.#search(affixed.node, at + 1);
      if (found !== undefined) return found;
    }
    return node.any === undefined ? undefined : this.#search(node.any, at + 1);
  }
}

function childOf<T>(node: Node<T>, segment: PatternSegment, isFolded: boolean): Node<T> {
  if (segment.kind === 'literal') {
    const children = isFolded ? node.folded : node.literals;
    return inserted(children, isFolded ? segment.text.toLowerCase() : segment.text);
  }
  if (segment.prefix === '' && segment.suffix === '') return (node.any ??= new Node<T>());
  return affixedChild(node, segment, isFolded);
}

function inserted<T>(children: Map<string, Node<T>>, key: string): Node<T> {
  const known = children.get(key);
  if (known !== undefined) return known;
  const made = new Node<T>();
  children.set(key, made);
  return made;
}

function affixedChild<T>(node: Node<T>, segment: PatternSegment, isFolded: boolean): Node<T> {
  const known = node.affixed.find(
    (each) => each.isFolded === isFolded && fixedText(each.segment) === fixedText(segment),
  );
  if (known !== undefined) return known.node;
  const made = { segment, isFolded, node: new Node<T>() };
  node.affixed.push(made);
  node.affixed.sort((a, b) => fixedText(b.segment).length - fixedText(a.segment).length);
  return made.node;
}

/** No segment has a slash in it. */
function fixedText(segment: PatternSegment): string {
  return segment.kind === 'literal' ? segment.text : `${segment.prefix}/${segment.suffix}`;
}
