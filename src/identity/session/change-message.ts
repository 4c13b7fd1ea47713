// Owns the text of messages between replicas. They can only cause a re-check, so they are not signed.
const VERSION = 1;
/** Longer than any message of ours. */
const LONGEST = 512;
const NAME = /^[!-~]{1,256}$/;

export interface ChangeMessage {
  /** The replica that sent it. */
  readonly from: string;
  /** Key of the session that changed; undefined in a heartbeat. */
  readonly key: string | undefined;
}

export function formatChangeMessage({ from, key }: ChangeMessage): string {
  return JSON.stringify({ v: VERSION, f: from, k: key });
}

/** The message in a text; undefined for everything that this release did not write. */
export function parseChangeMessage(text: string): ChangeMessage | undefined {
  const fields = text.length > LONGEST ? undefined : fieldsOf(text);
  if (fields?.get('v') !== VERSION) return undefined;
  const [from, key] = [fields.get('f'), fields.get('k')];
  if (!isName(from) || !(key === undefined || isName(key))) return undefined;
  return { from, key };
}

function fieldsOf(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}
