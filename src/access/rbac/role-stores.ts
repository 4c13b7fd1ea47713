// Owns Roles and ClusterRoles, and finds the one that a binding refers to.
import type { BindingRecord, RoleRecord } from './rbac-records.ts';
import { RecordStore } from './record-store.ts';
import { RecordTable } from './record-table.ts';
import { isSameRole } from './same-record.ts';
import type { RoleDirectory } from './stored-binding.ts';
import { StoredRole } from './stored-role.ts';

type RoleTable = RecordTable<RoleRecord, StoredRole>;

export class RoleStores implements RoleDirectory {
  readonly roles: RecordStore<RoleRecord, RoleTable>;
  readonly clusterRoles: RecordStore<RoleRecord, RoleTable>;
  #revision = 0;

  constructor(onChange: () => void) {
    const makeStore = (): RecordStore<RoleRecord, RoleTable> =>
      new RecordStore({
        makeTable: () => new RecordTable((record) => new StoredRole(record)),
        isSame: isSameRole,
        onChange: () => {
          this.#revision++;
          onChange();
        },
      });
    this.roles = makeStore();
    this.clusterRoles = makeStore();
  }

  get revision(): number {
    return this.#revision;
  }

  /**
   * A Role is one of the binding's own namespace, so a ClusterRoleBinding can refer to none; other
   * kinds grant nothing (kubernetes/kubernetes pkg/registry/rbac/validation/rule.go,
   * GetRoleReferenceRules).
   */
  roleOf({ namespace, roleRef: { kind, name } }: BindingRecord): StoredRole | undefined {
    if (kind === 'ClusterRole') return this.clusterRoles.current.get({ namespace: '', name });
    if (kind !== 'Role' || namespace === '') return undefined;
    return this.roles.current.get({ namespace, name });
  }
}
