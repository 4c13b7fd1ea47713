// Owns the way from manifest files to the records of one generation: all of them, or what is wrong.
import { fieldsOf } from '../../kernel/fields.ts';
import { readRecord } from '../rbac/read-record.ts';
import type { RecordByType, WatchedType } from '../rbac/rbac-records.ts';
import {
  objectsOf,
  type ManifestFile,
  type ManifestObject,
  type ManifestProblem,
  type Place,
} from './manifest-objects.ts';

export type RecordLists = { readonly [T in WatchedType]: readonly RecordByType[T][] };

/** Something to tell that is no fault. */
export interface Remark extends Place {
  readonly object: string;
}

export type ReadManifests =
  | {
      readonly kind: 'read';
      readonly records: RecordLists;
      /** Objects of kinds that decide nothing here. */
      readonly ignored: readonly Remark[];
      /** Aggregated ClusterRoles without rules: nobody fills them here. */
      readonly unfilled: readonly Remark[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly ManifestProblem[] };

const rbacGroup = 'rbac.authorization.k8s.io';

/** By API group and kind; the version decides nothing. */
const typeByKind: ReadonlyMap<string, WatchedType> = new Map([
  [`${rbacGroup} Role`, 'roles'],
  [`${rbacGroup} RoleBinding`, 'rolebindings'],
  [`${rbacGroup} ClusterRole`, 'clusterroles'],
  [`${rbacGroup} ClusterRoleBinding`, 'clusterrolebindings'],
  ['kubeflow.org Profile', 'profiles'],
  [' ServiceAccount', 'serviceaccounts'],
]);

/**
 * Reads files as one generation. One object that cannot be read, or that stands there twice, makes all of it
 * invalid: half a policy is another policy. Never throws.
 */
export function readManifests(files: readonly ManifestFile[]): ReadManifests {
  const reading = new Reading();
  for (const file of files) {
    const { objects, problems } = objectsOf(file);
    reading.problems.push(...problems);
    for (const object of objects) reading.take(object);
  }
  const { problems, records, ignored, unfilled } = reading;
  return problems.length > 0
    ? { kind: 'invalid', problems }
    : { kind: 'read', records, ignored, unfilled };
}

class Reading {
  readonly problems: ManifestProblem[] = [];
  readonly ignored: Remark[] = [];
  readonly unfilled: Remark[] = [];
  readonly records: { readonly [T in WatchedType]: RecordByType[T][] } = {
    roles: [],
    rolebindings: [],
    clusterroles: [],
    clusterrolebindings: [],
    profiles: [],
    serviceaccounts: [],
  };
  readonly #places = new Map<string, Place>();

  take(object: ManifestObject): void {
    const type = typeByKind.get(`${groupOf(object.apiVersion)} ${object.kind}`);
    if (type === undefined) this.ignored.push(remarkOn(object));
    else this.#add(type, object, this.records);
  }

  #add<T extends WatchedType>(
    type: T,
    object: ManifestObject,
    records: { readonly [K in T]: RecordByType[K][] },
  ): void {
    const read = readRecord(type, object.fields);
    if (read.kind === 'problem') {
      this.#complain(object, read.problem);
      return;
    }
    const { namespace, name } = read.record;
    const key = JSON.stringify([type, namespace, name]);
    const first = this.#places.get(key);
    if (first !== undefined) {
      this.#complain(object, `stands in ${first.file}, line ${first.line} already`);
      return;
    }
    this.#places.set(key, object);
    records[type].push(read.record);
    if (isUnfilled(object)) this.unfilled.push(remarkOn(object));
  }

  #complain(object: ManifestObject, problem: string): void {
    const { file, line, object: what } = remarkOn(object);
    this.problems.push({ file, line, problem: `${what}: ${problem}` });
  }
}

/** The core group has none: `v1`. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}

/** Kubernetes fills aggregated roles by a controller, which manifests do not have. */
function isUnfilled({ kind, fields }: ManifestObject): boolean {
  const rules = fields['rules'];
  const isEmpty = !Array.isArray(rules) || rules.length === 0;
  return kind === 'ClusterRole' && fields['aggregationRule'] !== undefined && isEmpty;
}

function remarkOn({ file, line, kind, fields }: ManifestObject): Remark {
  const { metadata } = fields;
  const { namespace, name } = fieldsOf(metadata);
  const path = [namespace, name].filter((part) => typeof part === 'string').join('/');
  return { file, line, object: path === '' ? kind : `${kind} ${path}` };
}
