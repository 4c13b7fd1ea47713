// Owns how a row writes a question: `get notebooks.kubeflow.org {name}`.
import type { ResourceAction } from '../rbac/access-question.ts';

/** The verb of rows that open a shell or an editor; `access.openVerb` says what it stands for. */
export const OPEN_VERB = 'open';

export type NameSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly name: string }
  | { readonly kind: 'placeholder'; readonly name: string }
  | { readonly kind: 'query'; readonly parameter: string };

export interface AskTemplate {
  /** As written. */
  readonly text: string;
  readonly action: ResourceAction;
  readonly name: NameSource;
}

/** VERB RESOURCE[/SUBRESOURCE][.GROUP] [NAME], separated by one space. */
const line =
  /^(?<verb>[a-z]+[A-Za-z]*|\*) (?<resource>[a-z]+|\*)(?:\/(?<subresource>[a-z]+))?(?:\.(?<group>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?))?(?: (?<name>\S+))?$/;

/**
 * Parses a question in the order in which the API server's own refusals put it. Without a group it is the core
 * group. NAME is a placeholder of the path or host (`{name}`), a query parameter (`{?trialName}`) or
 * a fixed name; without it no single object is meant. Undefined for anything else.
 */
export function parseAsk(text: string): AskTemplate | undefined {
  const parts = line.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const name = parseName(parts['name']);
  if (name === undefined) return undefined;
  const { verb = '', resource = '', subresource = '', group = '' } = parts;
  return { text, action: { verb, group, resource, subresource }, name };
}

function parseName(text: string | undefined): NameSource | undefined {
  if (text === undefined) return { kind: 'none' };
  const [, mark, inner] = /^\{(\??)([A-Za-z][\w.]*)\}$/.exec(text) ?? [];
  if (inner !== undefined)
    return mark === '?'
      ? { kind: 'query', parameter: inner }
      : { kind: 'placeholder', name: inner };
  return /^[a-z0-9][a-z0-9.-]*$/.test(text) ? { kind: 'fixed', name: text } : undefined;
}
