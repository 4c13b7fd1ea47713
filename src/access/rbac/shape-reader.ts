// Owns the reading of untrusted JSON into plain fields: a wrong type is remembered as a problem, never guessed around.
import { isFields, type Fields } from '../../kernel/fields.ts';

/** Far above what fits into an object of the API server, which etcd keeps below 1.5 MiB. */
const MAX_ENTRIES = 100_000;

/**
 * Reads one object. After the first problem the values read are neutral ones, and the whole object is to be thrown
 * away. `null` counts as absent, as it does for the API server. Paths are written as `rules[0].verbs`.
 */
export class ShapeReader {
  /** The first thing that was wrong, as `subjects[1].name is not text`. */
  problem: string | undefined;
  #entries = 0;

  /** The fields of an object; none where it is absent. */
  fields(value: unknown, path: string): Fields {
    if (value === undefined || value === null) return {};
    if (isFields(value)) return value;
    return this.#failed(`${path} is not an object`, {});
  }

  /** Text that must be there and not be empty. */
  name(value: unknown, path: string): string {
    const name = this.text(value, path);
    return name === '' ? this.#failed(`${path} is missing`, '') : name;
  }

  /** Text, empty where it is absent. */
  text(value: unknown, path: string): string {
    if (value === undefined || value === null) return '';
    return typeof value === 'string' ? value : this.#failed(`${path} is not text`, '');
  }

  /** A list of texts, empty where it is absent. */
  texts(value: unknown, path: string): readonly string[] {
    return this.list(value, path, (entry, index) =>
      typeof entry === 'string' ? entry : this.#failed(`${path}[${index}] is not text`, ''),
    );
  }

  /** A list, empty where it is absent. `read` leaves an entry out by answering undefined. */
  list<T>(
    value: unknown,
    path: string,
    read: (entry: unknown, index: number) => T | undefined,
  ): readonly T[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) return this.#failed(`${path} is not a list`, []);
    this.#entries += value.length;
    if (this.#entries > MAX_ENTRIES) return this.#failed(`${path} has too many entries`, []);
    const items: T[] = [];
    for (const [index, entry] of value.entries()) {
      const item = read(entry, index);
      if (this.problem !== undefined) return [];
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #failed<T>(problem: string, neutral: T): T {
    this.problem ??= problem;
    return neutral;
  }
}
