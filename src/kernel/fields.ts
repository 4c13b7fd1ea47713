// Owns looking into values of unknown shape, such as parsed JSON or YAML.

/** The fields of an object whose shape nobody has checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** True for what JSON objects and YAML mappings become; not for lists. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}
