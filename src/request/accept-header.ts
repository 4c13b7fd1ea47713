// Owns the Accept header (RFC 9110 section 12.5.1) as far as the kind of client needs it.

/**
 * The weight, 0 to 1, of a media type that the header names itself; 0 when it does not. Wildcards
 * do not count: they say what is tolerated, not what is wished. A weight that breaks the grammar is 0.
 */
export function preferenceFor(accept: string, mediaType: string): number {
  let weight = 0;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';');
    if (type.trim().toLowerCase() === mediaType) weight = Math.max(weight, weightOf(parameters));
  }
  return weight;
}

const weightForm = /^\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$/i;

function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => /^\s*q\s*=/i.test(parameter));
  if (given === undefined) return 1;
  return Number(weightForm.exec(given)?.[1] ?? 0);
}
