// Owns the page that shows the shipped route catalogue, row by row.
import { readFileSync } from 'node:fs';
import { strictnessOf } from '../src/access/catalogue/lint-catalogue.ts';
import { readCatalogue } from '../src/access/catalogue/read-catalogue.ts';
import type { RouteRow } from '../src/access/catalogue/route-row.ts';

const file = new URL('../config/kubeflow-routes.yaml', import.meta.url);

/** Cells of a table: requests, what they ask, remarks; a row of the catalogue each. */
export function routeTable(): readonly (readonly string[])[] {
  const read = readCatalogue(readFileSync(file, 'utf8'), 'config/kubeflow-routes.yaml');
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems));
  return read.rows.map((row) => [
    code(row.id),
    row.class,
    requestsOf(row),
    demandOf(row),
    remarksOn(row).join('; '),
  ]);
}

function requestsOf({ methods, paths, hosts }: RouteRow): string {
  const where = hosts === undefined ? paths.map(({ text }) => code(text)) : [code(String(hosts))];
  return `${methods === 'any' ? 'any' : methods.join(' ')} ${where.join('<br>')}`;
}

function demandOf(row: RouteRow): string {
  const strictness = strictnessOf(row);
  if (strictness === 'inspect') return `body: ${row.inspect?.check ?? ''}`;
  if (strictness !== 'questions') return row.allow === undefined ? strictness : 'deny (405)';
  const asked = row.ask.map(({ text }) => code(text)).join('<br>');
  const isForCluster = row.namespace.kind === 'none';
  return isForCluster ? `${asked} in the whole cluster` : asked;
}

function remarksOn(row: RouteRow): string[] {
  const { namespace, noNamespace, emptyNamespace } = row;
  const remarks: string[] = [];
  if (namespace.kind === 'query') {
    remarks.push(`namespace: ${namespace.parameters.map((name) => code(`?${name}`)).join(' or ')}`);
    remarks.push(`without: ${noNamespace === 'deny' ? '400' : noNamespace}`);
    if (emptyNamespace !== noNamespace) remarks.push(`empty: ${emptyNamespace}`);
  }
  if (row.isByIdOnly) remarks.push('the application finds the namespace and asks');
  if (row.isNamespaceFree) remarks.push('nothing of any namespace');
  if (row.overriddenBy.length > 0)
    remarks.push(`so does ${row.overriddenBy.map((name) => code(`?${name}`)).join(' or ')}`);
  if (row.serviceAccountsCannot !== undefined) remarks.push('not for service accounts');
  return remarks;
}

function code(text: string): string {
  return `\`${text}\``;
}
