// Owns resource versions: which of two is the later one.

/**
 * Whether the text is a version that can be compared: a decimal number without a leading zero
 * (https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5504-comparable-resource-version).
 */
export function isResourceVersion(text: unknown): text is string {
  return typeof text === 'string' && /^[1-9][0-9]*$/.test(text);
}

/** Whether `a` is later than `b`. Both are versions of one type of object, of any length. */
export function isLater(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
