// Owns lists that are mostly short and exist in great number: they take no more room than they need.

/** Shorter lists are copied at every change: arrays that grow in place keep sixteen seats in reserve. */
const COPIED_BELOW = 16;

/** `list` with `value` at `index`; the list handed in is not to be used any more. */
export function withInserted<T>(list: T[], index: number, value: T): T[] {
  if (list.length < COPIED_BELOW) return list.toSpliced(index, 0, value);
  list.splice(index, 0, value);
  return list;
}

/** `list` without what is at `index`; the list handed in is not to be used any more. */
export function withoutIndex<T>(list: T[], index: number): T[] {
  if (list.length < COPIED_BELOW) return list.toSpliced(index, 1);
  list.splice(index, 1);
  return list;
}
