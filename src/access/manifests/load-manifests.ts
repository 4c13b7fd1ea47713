// Owns one reading of a directory of manifests into an index.
import type { RecordSink, RecordSinks } from '../rbac/record-sink.ts';
import { watchedTypes, type RecordByType, type WatchedType } from '../rbac/rbac-records.ts';
import { readManifestDirectory } from './manifest-directory.ts';
import { readManifests, type RecordLists } from './read-manifests.ts';

export type LoadManifests =
  { readonly kind: 'loaded' } | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Never rejects. Nothing changes when there is a problem. */
export async function loadManifests(directory: string, sinks: RecordSinks): Promise<LoadManifests> {
  const content = await readManifestDirectory(directory);
  if (content.kind === 'unreadable') return { kind: 'invalid', problems: [content.problem] };
  const read = readManifests(content.files);
  if (read.kind === 'invalid') return { kind: 'invalid', problems: read.problems.map(problemText) };
  putInForce(read.records, sinks);
  return { kind: 'loaded' };
}

/** All in one synchronous turn: no decision sees half of it. */
export function putInForce(records: RecordLists, sinks: RecordSinks): void {
  for (const type of watchedTypes) load(type, sinks, records);
}

/** As `roles.yaml, line 7: Role team-a/r: rules is not a list`. */
export function problemText(problem: {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}): string {
  return `${problem.file}, line ${problem.line}: ${problem.problem}`;
}

function load<T extends WatchedType>(
  type: T,
  sinks: { readonly [K in T]: RecordSink<RecordByType[K]> },
  records: RecordLists,
): void {
  const generation = sinks[type].begin();
  for (const record of records[type]) generation.add(record);
  generation.commit();
}
