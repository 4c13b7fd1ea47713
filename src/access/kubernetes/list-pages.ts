// Owns the loading of a type page by page, where the server cannot stream it.
import { nextTurn, type Clock } from '../../kernel/clock.ts';
import { MINUTE_MS } from '../../kernel/duration.ts';
import { fieldsOf } from '../../kernel/fields.ts';
import { errorText } from '../../kernel/logger.ts';
import { readFailure, readJson } from './answer-body.ts';
import type { ApiTransport } from './api-transport.ts';
import { fault, type Failure } from './load-failure.ts';
import type { ResourceType } from './resource-type.ts';
import { isResourceVersion } from './resource-version.ts';

/** A page of so many is parsed in some milliseconds; more at once would hold everything else up. */
const ITEMS_PER_PAGE = 500;
const MAX_PAGE_BYTES = 2 * 1_048_576;
/** A page of one object cannot be made smaller: what etcd takes must fit. */
const MAX_OBJECT_BYTES = 16 * 1_048_576;
const SHRINK_BY = 5;
/** Behind a few large objects pages become large again, or one of them would make a load take for ever. */
const GROW_BY = 2;
const PAGE_WITHIN_MS = MINUTE_MS;

export type PagesEnd = Failure | { readonly kind: 'loaded'; readonly version: string };

export interface PagesParts {
  readonly transport: ApiTransport;
  readonly type: ResourceType;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Page {
  readonly kind: 'page';
  readonly items: readonly unknown[];
  readonly version: string;
  /** Empty on the last page. */
  readonly next: string;
}

/**
 * Hands every object to `add`, from one consistent state that is no older than the call: without a
 * resourceVersion the server reads what is committed, and pages continue in that state
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
 */
export async function loadPages(
  parts: PagesParts,
  add: (object: unknown) => void,
): Promise<PagesEnd> {
  let limit = ITEMS_PER_PAGE;
  let next = '';
  let version: string | undefined;
  for (;;) {
    const page = await loadPage(parts, limit, next);
    if (page.kind === 'fault' && page.reason === 'oversized' && limit > 1) {
      limit = Math.max(1, Math.floor(limit / SHRINK_BY));
      continue;
    }
    if (page.kind !== 'page') return page;
    version ??= page.version;
    if (version !== page.version) return fault('malformed', 'pages are of different versions');
    // Parsing it has taken some milliseconds already.
    await nextTurn();
    for (const item of page.items) add(item);
    if (page.next === '') return { kind: 'loaded', version };
    next = page.next;
    limit = Math.min(ITEMS_PER_PAGE, limit * GROW_BY);
  }
}

/** How far the server is with the type: what it says beside a list of one object. */
export async function currentVersion(parts: PagesParts): Promise<PagesEnd> {
  const page = await loadPage(parts, 1, '');
  return page.kind === 'page' ? { kind: 'loaded', version: page.version } : page;
}

async function loadPage(
  { transport, type, clock, signal }: PagesParts,
  limit: number,
  next: string,
): Promise<Page | Failure> {
  if (signal.aborted) return fault('connection', 'closed');
  const query = new URLSearchParams({ limit: String(limit) });
  if (next !== '') query.set('continue', next);
  try {
    const answer = await transport.request({
      method: 'GET',
      path: `${type.path}?${query.toString()}`,
      accept: type.acceptList,
    });
    if (answer.status !== 200) return await readFailure(answer, clock);
    const maxBytes = limit > 1 ? MAX_PAGE_BYTES : MAX_OBJECT_BYTES;
    const body = await readJson(answer, { maxBytes, withinMs: PAGE_WITHIN_MS }, clock);
    return body.kind === 'json' ? readPage(body.value) : body;
  } catch (error) {
    return fault('connection', errorText(error));
  }
}

function readPage(value: unknown): Page | Failure {
  const { items, metadata } = fieldsOf(value);
  const { resourceVersion, continue: next = '' } = fieldsOf(metadata);
  if (!isResourceVersion(resourceVersion) || typeof next !== 'string') {
    return fault('malformed', 'the list says neither its version nor whether it goes on');
  }
  // Go writes some empty lists as null.
  const list = items === null ? [] : items;
  if (!Array.isArray(list)) return fault('malformed', 'the list has no items');
  return { kind: 'page', items: list as unknown[], version: resourceVersion, next };
}
