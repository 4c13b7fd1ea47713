// Owns the interface of the compiled catalogue.
import type { RequestHead } from '../../request/request-head.ts';
import type { CatalogueMatch } from './matched-route.ts';

/** The part of a request head that routes. */
export type RoutedHead = Pick<RequestHead, 'method' | 'target' | 'host' | 'hints' | 'rawHeaders'>;

export interface RouteMatcher {
  /** The first row that fits. Synchronous, a microsecond or two. */
  match(head: RoutedHead): CatalogueMatch;
}
