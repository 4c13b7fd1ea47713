// Owns how a time looks to a person who may be anywhere.

/** Milliseconds since the epoch, to the second and in UTC: `2026-03-01 09:30:05 UTC`. */
export function timeText(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
