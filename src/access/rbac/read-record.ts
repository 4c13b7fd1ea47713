// Owns the reading of one Kubernetes object into the slim record of its type.
import type { Fields } from '../../kernel/fields.ts';
import type {
  ObjectKey,
  RecordByType,
  RuleRecord,
  SubjectKind,
  SubjectRecord,
  WatchedType,
} from './rbac-records.ts';
import { ShapeReader } from './shape-reader.ts';

export type ReadRecord<T> =
  | { readonly kind: 'record'; readonly record: T }
  /**
   * Not what its type looks like. Whoever applies it removes the object of that key: what cannot be read grants
   * nothing. `key` is undefined where not even the name could be read.
   */
  | { readonly kind: 'problem'; readonly key: ObjectKey | undefined; readonly problem: string };

const subjectKinds: ReadonlySet<string> = new Set<SubjectKind>(['User', 'Group', 'ServiceAccount']);

/**
 * Reads an object as the API server (or a manifest) has it. `apiVersion` and `kind` are not looked at: items of lists
 * carry none. Wrong types are a problem; what Kubernetes lets be absent or null is empty. Strings are kept as they
 * are. Never throws.
 *
 * The API group of subjects and of roleRef is not read, as the API server's authorizer does not read it
 * (kubernetes/kubernetes pkg/registry/rbac/validation/rule.go, appliesToUser and GetRoleReferenceRules).
 */
export function readRecord<T extends WatchedType>(
  type: T,
  object: unknown,
): ReadRecord<RecordByType[T]> {
  return readers[type](object);
}

const readers: {
  readonly [T in WatchedType]: (object: unknown) => ReadRecord<RecordByType[T]>;
} = {
  roles: (object) => read(object, 'namespaced', roleFields),
  rolebindings: (object) => read(object, 'namespaced', bindingFields),
  clusterroles: (object) => read(object, 'cluster', roleFields),
  clusterrolebindings: (object) => read(object, 'cluster', bindingFields),
  profiles: (object) => read(object, 'cluster', profileFields),
  // Enough is a PartialObjectMetadata, which is what a metadata-only watch delivers.
  serviceaccounts: (object) => read(object, 'namespaced', () => ({})),
};

type Scope = 'namespaced' | 'cluster';
type Metadata = ObjectKey & { readonly uid: string };

function read<T>(
  object: unknown,
  scope: Scope,
  ownFields: (fields: Fields, shape: ShapeReader) => T,
): ReadRecord<Metadata & T> {
  const shape = new ShapeReader();
  const fields = shape.fields(object, 'the object');
  const metadata = readMetadata(fields['metadata'], scope, shape);
  const key = shape.problem === undefined ? keyOf(metadata) : undefined;
  const own = ownFields(fields, shape);
  return shape.problem === undefined
    ? { kind: 'record', record: { ...metadata, ...own } }
    : { kind: 'problem', key, problem: shape.problem };
}

function keyOf({ namespace, name }: Metadata): ObjectKey {
  return { namespace, name };
}

/** The namespace of an object of the cluster is not read: the record says with an empty one what it is. */
function readMetadata(value: unknown, scope: Scope, shape: ShapeReader): Metadata {
  const metadata = shape.fields(value, 'metadata');
  return {
    namespace: scope === 'cluster' ? '' : shape.name(metadata['namespace'], 'metadata.namespace'),
    name: shape.name(metadata['name'], 'metadata.name'),
    uid: shape.text(metadata['uid'], 'metadata.uid'),
  };
}

function roleFields(fields: Fields, shape: ShapeReader) {
  return {
    rules: shape.list(fields['rules'], 'rules', (entry, index) => readRule(entry, index, shape)),
  };
}

function readRule(entry: unknown, index: number, shape: ShapeReader): RuleRecord {
  const path = `rules[${index}]`;
  const rule = shape.fields(entry, path);
  const texts = (field: keyof RuleRecord) => shape.texts(rule[field], `${path}.${field}`);
  return {
    verbs: texts('verbs'),
    apiGroups: texts('apiGroups'),
    resources: texts('resources'),
    resourceNames: texts('resourceNames'),
    nonResourceURLs: texts('nonResourceURLs'),
  };
}

function bindingFields(fields: Fields, shape: ShapeReader) {
  const roleRef = shape.fields(fields['roleRef'], 'roleRef');
  return {
    roleRef: {
      kind: shape.name(roleRef['kind'], 'roleRef.kind'),
      name: shape.name(roleRef['name'], 'roleRef.name'),
    },
    subjects: shape.list(fields['subjects'], 'subjects', (entry, index) =>
      readSubject(entry, `subjects[${index}]`, shape),
    ),
  };
}

/** Undefined for a kind that RBAC does not know: it matches nobody. */
function readSubject(entry: unknown, path: string, shape: ShapeReader): SubjectRecord | undefined {
  const subject = shape.fields(entry, path);
  const kind = shape.name(subject['kind'], `${path}.kind`);
  if (!isSubjectKind(kind)) return undefined;
  return {
    kind,
    name: shape.name(subject['name'], `${path}.name`),
    namespace: shape.text(subject['namespace'], `${path}.namespace`),
  };
}

function isSubjectKind(kind: string): kind is SubjectKind {
  return subjectKinds.has(kind);
}

/** The Profile's schema lets the owner be absent; nobody is called by an empty name. */
function profileFields(fields: Fields, shape: ShapeReader) {
  const spec = shape.fields(fields['spec'], 'spec');
  const owner = shape.fields(spec['owner'], 'spec.owner');
  return {
    owner: {
      kind: shape.text(owner['kind'], 'spec.owner.kind'),
      name: shape.text(owner['name'], 'spec.owner.name'),
    },
  };
}
