// Owns the sharing of equal parts of records, most of which say the same few things.
import type { BindingRecord, ServiceAccountRecord, SubjectRecord } from './rbac-records.ts';

/** Entries after which a pool starts anew: what it has shared stays shared, and it cannot grow for ever. */
const POOL_ENTRIES = 50_000;

export class RecordPool {
  readonly #texts = new Map<string, string>();
  readonly #roleRefs = new Map<string, BindingRecord['roleRef']>();
  readonly #single = new Map<string, readonly SubjectRecord[]>();

  /**
   * The same binding, made of shared parts. Service accounts of the binding's own namespace lose it,
   * which means the same (see SubjectRecord) and makes them equal in all namespaces; users and groups
   * lose theirs, which nobody reads.
   */
  binding({ namespace, name, uid, roleRef, subjects }: BindingRecord): BindingRecord {
    return {
      namespace: this.text(namespace),
      name: this.text(name),
      uid,
      roleRef: this.#roleRef(roleRef),
      subjects: this.#subjects(subjects, namespace),
    };
  }

  account({ namespace, name, uid }: ServiceAccountRecord): ServiceAccountRecord {
    return { namespace: this.text(namespace), name: this.text(name), uid };
  }

  text(text: string): string {
    return pooled(this.#texts, text, () => text);
  }

  #roleRef({ kind, name }: BindingRecord['roleRef']): BindingRecord['roleRef'] {
    return pooled(this.#roleRefs, keyOf(kind, name), () => ({ kind, name }));
  }

  #subjects(subjects: readonly SubjectRecord[], namespace: string): readonly SubjectRecord[] {
    const [first, ...others] = subjects.map((subject) => this.#alone(subject, namespace));
    if (first === undefined) return NO_SUBJECTS;
    return others.length === 0 ? first : [...first, ...others.flat()];
  }

  /** The list of this subject alone: most bindings have one subject and can share even the list. */
  #alone(subject: SubjectRecord, bindingNamespace: string): readonly SubjectRecord[] {
    const { kind, name } = subject;
    const namespace = ownNamespace(subject, bindingNamespace);
    return pooled(this.#single, keyOf(kind, namespace, name), () => [
      { kind, name: this.text(name), namespace: this.text(namespace) },
    ]);
  }
}

const NO_SUBJECTS: readonly SubjectRecord[] = [];

/**
 * The subject's namespace as far as it is read: of service accounts only, and empty where it is that of
 * the binding. The API server takes any text for it, and of users and groups looks at it nowhere.
 */
export function ownNamespace(subject: SubjectRecord, bindingNamespace: string): string {
  const { kind, namespace } = subject;
  return kind === 'ServiceAccount' && namespace !== bindingNamespace ? namespace : '';
}

/** Another key for any other texts, whatever is in them: whoever may bind chooses names with slashes. */
function keyOf(...texts: readonly string[]): string {
  return texts.map((text) => `${text.length}/${text}`).join('');
}

function pooled<T>(pool: Map<string, T>, key: string, make: () => T): T {
  const known = pool.get(key);
  if (known !== undefined) return known;
  if (pool.size >= POOL_ENTRIES) pool.clear();
  const made = make();
  pool.set(key, made);
  return made;
}
