// Owns loading the synthetic policy into an index, and what that costs.
import type { RecordByType, WatchedType } from '../src/access/rbac/rbac-records.ts';
import { readRecord } from '../src/access/rbac/read-record.ts';
import type { Generation } from '../src/access/rbac/record-sink.ts';
import { objectsOf } from './rbac-policy.ts';

export const PAGE = 500;

/** As a source does it: page by page, parsed, slimmed and added in one turn. */
export function loadPolicy<T extends WatchedType>(
  type: T,
  generation: Generation<RecordByType[T]>,
  namespaces: number,
): { addMs: number; pageMs: number; commitMs: number } {
  const figures = { addMs: 0, pageMs: 0, commitMs: 0 };
  for (const page of pagesOf(objectsOf(type, namespaces))) {
    const started = cpuMs();
    const records = page.map((text) => recordOf(type, text));
    const parsed = cpuMs();
    for (const record of records) generation.add(record);
    const added = cpuMs();
    figures.addMs += added - parsed;
    figures.pageMs = Math.max(figures.pageMs, added - started);
  }
  const started = cpuMs();
  generation.commit();
  figures.commitMs = cpuMs() - started;
  return figures;
}

function recordOf<T extends WatchedType>(type: T, text: string): RecordByType[T] {
  const read = readRecord(type, JSON.parse(text));
  if (read.kind === 'problem') throw new Error(read.problem);
  return read.record;
}

function* pagesOf(objects: Iterable<string>): Generator<string[]> {
  let page: string[] = [];
  for (const object of objects) {
    page.push(object);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
