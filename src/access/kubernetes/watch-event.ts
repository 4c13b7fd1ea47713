// Owns the reading of one line of a watch.
import { fieldsOf } from '../../kernel/fields.ts';
import { decoded } from './answer-body.ts';
import { readStatus, type StatusText } from './load-failure.ts';
import { isResourceVersion } from './resource-version.ts';

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export type WatchEvent =
  | {
      readonly kind: 'object';
      readonly change: 'ADDED' | 'MODIFIED' | 'DELETED';
      readonly object: unknown;
      /** Of a deletion too: the version at which the object went. */
      readonly version: string;
    }
  | {
      readonly kind: 'bookmark';
      readonly version: string;
      /** The server has sent everything that there was when it was asked (WatchList). */
      readonly endsInitialEvents: boolean;
    }
  | { readonly kind: 'error'; readonly status: StatusText };

const INTERNAL_SERVER_ERROR = 500;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Undefined when the line is not an event of a watch. */
export function readWatchEvent(line: Buffer): WatchEvent | undefined {
  const { type, object } = fieldsOf(parsed(line));
  if (type === 'ERROR') {
    return { kind: 'error', status: readStatus(object, INTERNAL_SERVER_ERROR) };
  }
  const metadata = fieldsOf(fieldsOf(object)['metadata']);
  const version = metadata['resourceVersion'];
  if (!isResourceVersion(version)) return undefined;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { kind: 'object', change: type, object, version };
    case 'BOOKMARK': {
      const endsInitialEvents = fieldsOf(metadata['annotations'])[INITIAL_EVENTS_END] === 'true';
      return { kind: 'bookmark', version, endsInitialEvents };
    }
    default:
      return undefined;
  }
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(decoded(line));
  } catch {
    return undefined;
  }
}
