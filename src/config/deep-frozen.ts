// Owns freezing: what has been loaded never changes under those who hold it.

/** The same value with every object and list in it frozen. */
export function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const element of Object.values(value)) deepFrozen(element);
  return Object.freeze(value);
}
