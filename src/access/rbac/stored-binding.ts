// Owns a binding in force: its record, and the role that it was last seen to refer to.
import type { Grant } from './rbac-reader.ts';
import type { BindingRecord, SubjectRecord } from './rbac-records.ts';
import type { StoredRole } from './stored-role.ts';

/** Where roles are found by reference. */
export interface RoleDirectory {
  /** Grows whenever `roleOf` may answer anything else than before. */
  readonly revision: number;
  roleOf(binding: BindingRecord): StoredRole | undefined;
}

/** One object, because there are hundreds of thousands: record, grant and reference to the role. */
export class StoredBinding implements BindingRecord, Grant {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly roleRef: BindingRecord['roleRef'];
  readonly subjects: readonly SubjectRecord[];
  #role: StoredRole | undefined;
  #seen: number;

  constructor({ namespace, name, uid, roleRef, subjects }: BindingRecord) {
    this.namespace = namespace;
    this.name = name;
    this.uid = uid;
    this.roleRef = roleRef;
    this.subjects = subjects;
    this.#role = undefined;
    this.#seen = -1;
  }

  get binding(): BindingRecord {
    return this;
  }

  /**
   * The role, undefined while there is none. It is looked up again after roles have changed, so that
   * no change of a role, and no relist, has to visit the bindings.
   */
  role(directory: RoleDirectory): StoredRole | undefined {
    if (this.#seen !== directory.revision) {
      this.#role = directory.roleOf(this);
      this.#seen = directory.revision;
    }
    return this.#role;
  }
}
