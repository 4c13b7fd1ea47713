// Owns the index: policy as it stands, and the answers to questions about it.
import type { Principal } from '../../identity/principal.ts';
import type { Cancel } from '../../kernel/clock.ts';
import type { ResourceQuestion } from './access-question.ts';
import type { BindingsOfSubject } from './binding-table.ts';
import { BindingTable } from './binding-table.ts';
import { CallerSubjects } from './caller-subjects.ts';
import { explainGrant, nearMisses, privilegedGrant } from './explanation.ts';
import type { Explanation, Grant, RbacReader, Subjects } from './rbac-reader.ts';
import type { BindingRecord, ProfileRecord, ServiceAccountRecord } from './rbac-records.ts';
import { RecordPool } from './record-pool.ts';
import type { RecordSinks } from './record-sink.ts';
import { RecordStore } from './record-store.ts';
import { RecordTable } from './record-table.ts';
import { RoleStores } from './role-stores.ts';
import type { AccessQuestion } from './rule-matching.ts';
import { isUrlQuestion } from './rule-matching.ts';
import { isSameBinding } from './same-record.ts';
import type { StoredBinding } from './stored-binding.ts';

/**
 * Answers as the API server's RBAC authorizer does, from what the sinks were given; see
 * docs/decisions/0010-rbac-index.md. Every change is in force when the call returns.
 */
export class RbacIndex implements RbacReader {
  readonly sinks: RecordSinks;
  readonly #roles: RoleStores;
  readonly #roleBindings: RecordStore<BindingRecord, BindingTable>;
  readonly #clusterRoleBindings: RecordStore<BindingRecord, BindingTable>;
  readonly #profiles: RecordStore<ProfileRecord>;
  readonly #accounts: RecordStore<ServiceAccountRecord>;
  readonly #callers = new WeakMap<Principal, CallerSubjects>();
  readonly #listeners = new Set<() => void>();
  readonly #pool = new RecordPool();
  #revision = 0;

  constructor() {
    const pool = this.#pool;
    const onChange = (): void => {
      this.#changed();
    };
    const makeBindings = (): RecordStore<BindingRecord, BindingTable> =>
      new RecordStore({
        makeTable: () => new BindingTable(pool),
        isSame: isSameBinding,
        onChange,
      });
    this.#roles = new RoleStores(onChange);
    this.#roleBindings = makeBindings();
    this.#clusterRoleBindings = makeBindings();
    this.#profiles = new RecordStore<ProfileRecord>({
      makeTable: () => new RecordTable((profile) => profile),
      isSame: (a, b) =>
        a.uid === b.uid && a.owner.kind === b.owner.kind && a.owner.name === b.owner.name,
      onChange,
    });
    this.#accounts = new RecordStore<ServiceAccountRecord>({
      makeTable: () => new RecordTable((account) => pool.account(account)),
      isSame: (a, b) => a.uid === b.uid,
      onChange,
    });
    this.sinks = {
      roles: this.#roles.roles,
      rolebindings: this.#roleBindings,
      clusterroles: this.#roles.clusterRoles,
      clusterrolebindings: this.#clusterRoleBindings,
      profiles: this.#profiles,
      serviceaccounts: this.#accounts,
    };
  }

  get revision(): number {
    return this.#revision;
  }

  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  subjectsOf(principal: Principal): CallerSubjects {
    const known = this.#callers.get(principal);
    if (known !== undefined) return known;
    const made = new CallerSubjects(principal, (key) => this.#pool.text(key));
    this.#callers.set(principal, made);
    return made;
  }

  grantOf(subjects: Subjects, question: ResourceQuestion): Grant | undefined {
    const caller = this.#callerOf(subjects);
    return caller.isPrivileged ? privilegedGrant : this.#firstGrant(caller, question);
  }

  explain(subjects: Subjects, question: AccessQuestion): Explanation {
    const caller = this.#callerOf(subjects);
    if (caller.isPrivileged) return { kind: 'allowed', grant: privilegedGrant };
    const granting = this.#firstGrant(caller, question);
    if (granting !== undefined) {
      const grant = explainGrant(granting, this.#roles, caller, question);
      return { kind: 'allowed', grant };
    }
    const bindings = {
      roleBindings: this.#roleBindings.current,
      clusterRoleBindings: this.#clusterRoleBindings.current,
      roles: this.#roles,
    };
    return { kind: 'denied', nearest: nearMisses(bindings, caller, question) };
  }

  profile(name: string): ProfileRecord | undefined {
    return this.#profiles.current.get({ namespace: '', name });
  }

  /** By name. */
  profiles(): Iterable<ProfileRecord> {
    return this.#profiles.current.in('');
  }

  serviceAccount(namespace: string, name: string): ServiceAccountRecord | undefined {
    return this.#accounts.current.get({ namespace, name });
  }

  bindingsIn(namespace: string): Iterable<BindingRecord> {
    const type = namespace === '' ? this.#clusterRoleBindings : this.#roleBindings;
    return type.current.in(namespace);
  }

  /**
   * The first binding of the caller whose role allows it: one rule of one binding must do.
   * RoleBindings count only where a namespace is asked about, which URLs never are.
   */
  #firstGrant(caller: CallerSubjects, question: AccessQuestion): StoredBinding | undefined {
    for (const binding of caller.clusterBindings(this.#clusterRoleBindings.current)) {
      if (this.#allows(binding, question)) return binding;
    }
    if (isUrlQuestion(question) || question.namespace === '') return undefined;
    const bySubject = this.#roleBindings.current.bySubject(question.namespace);
    return bySubject === undefined ? undefined : this.#granting(bySubject, caller, question);
  }

  #granting(
    bySubject: ReadonlyMap<string, BindingsOfSubject>,
    caller: CallerSubjects,
    question: AccessQuestion,
  ): StoredBinding | undefined {
    for (const key of caller.keys) {
      const listed = bySubject.get(key);
      if (listed === undefined) continue;
      if (!Array.isArray(listed)) {
        if (this.#allows(listed, question)) return listed;
        continue;
      }
      for (const binding of listed) if (this.#allows(binding, question)) return binding;
    }
    return undefined;
  }

  #allows(binding: StoredBinding, question: AccessQuestion): boolean {
    const role = binding.role(this.#roles);
    return role?.allows(question) === true;
  }

  #callerOf(subjects: Subjects): CallerSubjects {
    return subjects instanceof CallerSubjects ? subjects : this.subjectsOf(subjects.principal);
  }

  #changed(): void {
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }
}
