// Owns the objects of one type at a real API server, and tells an index what the server answers.
import { readRecord } from '../../src/access/rbac/read-record.ts';
import type { RecordByType } from '../../src/access/rbac/rbac-records.ts';
import type { RecordSink } from '../../src/access/rbac/record-sink.ts';
import type { PolicyType } from '../fixtures/rbac-policies.ts';
import { KubeRefusal, type KubeClient } from '../neighbours/kube-client.ts';
import type { KubeObject } from '../neighbours/kube-object.ts';
import { listPath, rbacObject, referenceTo } from './rbac-object.ts';

const INVALID = 422;
const HELD_PERCENT = 10;
const RECREATED_PERCENT = 20;

/** Decides what is held by a finalizer and what is made anew. */
export interface Chance {
  chance(percent: number): boolean;
}

/** Nothing of the kind: for when the policy must be what was asked for. */
export const plainly: Chance = { chance: () => false };

interface Served<R> {
  /** As it was sent. What the server made of it is read from its answer, by the code under test. */
  readonly record: R;
  /** Deleted, but kept by a finalizer: it still grants. */
  readonly isHeld: boolean;
  /** Not the policy's: it stays when the policy changes. */
  readonly isKept: boolean;
}

export class ServedType<T extends PolicyType> {
  readonly #type: T;
  readonly #client: KubeClient;
  readonly #sink: RecordSink<RecordByType[T]>;
  readonly #served = new Map<string, Served<RecordByType[T]>>();
  #refused = 0;

  constructor(type: T, client: KubeClient, sink: RecordSink<RecordByType[T]>) {
    this.#type = type;
    this.#client = client;
    this.#sink = sink;
  }

  /** How many objects the server's validation did not let in. */
  get refused(): number {
    return this.#refused;
  }

  /** Everything that the server has and enforces, as it was sent. */
  records(): readonly RecordByType[T][] {
    return this.#inOrder().map(({ record }) => record);
  }

  /** Those of the policy only. */
  policyRecords(): readonly RecordByType[T][] {
    return this.#inOrder()
      .filter(({ isKept }) => !isKept)
      .map(({ record }) => record);
  }

  /** Takes over what the server has of its own, as the index's first complete load. */
  async load(): Promise<void> {
    const generation = this.#sink.begin();
    for (const object of await this.#client.list(listPath(this.#type))) {
      const record = this.#read(object);
      generation.add(record);
      this.#served.set(keyOf(record), { record, isHeld: false, isKept: true });
    }
    generation.commit();
  }

  /** Creates or replaces an object that stays when the policy changes. */
  async keep(record: RecordByType[T]): Promise<void> {
    const isThere = this.#served.has(keyOf(record));
    await (isThere ? this.#replace(record) : this.#create(record));
    this.#served.set(keyOf(record), { record, isHeld: false, isKept: true });
  }

  /**
   * Makes, changes, re-creates and removes objects until these are the policy's, except for what
   * the server refuses, and for some removed ones that a finalizer holds.
   */
  async become(target: readonly RecordByType[T][], random: Chance): Promise<void> {
    const wanted = new Map(target.map((record) => [keyOf(record), record]));
    const keys = new Set([...this.#served.keys(), ...wanted.keys()]);
    // Chance is asked in order and before anything waits: the same seed takes the same steps.
    const plans = [...keys]
      .sort()
      .map((key) => this.#plan(this.#served.get(key), wanted.get(key), random));
    await Promise.all(plans.map((plan) => plan()));
  }

  /** Whichever answer came first: what is picked from these must depend on the seed alone. */
  #inOrder(): Served<RecordByType[T]>[] {
    return [...this.#served].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, served]) => served);
  }

  #plan(
    served: Served<RecordByType[T]> | undefined,
    next: RecordByType[T] | undefined,
    random: Chance,
  ): () => Promise<void> {
    const create = async (): Promise<void> => {
      if (next !== undefined) await this.#create(next);
    };
    if (served === undefined) return create;
    const { record: current, isHeld, isKept } = served;
    if (isKept || current === next) return () => Promise.resolve();
    if (isHeld) return () => this.#release(current).then(create);
    if (next === undefined && random.chance(HELD_PERCENT)) return () => this.#hold(current);
    if (next !== undefined && hasSameRole(current, next) && !random.chance(RECREATED_PERCENT)) {
      return () => this.#replace(next);
    }
    return () => this.#remove(current).then(create);
  }

  async #create(record: RecordByType[T]): Promise<void> {
    await this.#send(record, () => this.#client.create(rbacObject(this.#type, record)));
  }

  async #replace(record: RecordByType[T]): Promise<void> {
    await this.#send(record, () => this.#client.replace(rbacObject(this.#type, record)));
  }

  async #remove(record: RecordByType[T]): Promise<void> {
    await this.#client.remove(referenceTo(this.#type, record));
    this.#forget(record);
  }

  async #hold(record: RecordByType[T]): Promise<void> {
    const reference = referenceTo(this.#type, record);
    const held = { metadata: { finalizers: ['kfgw.test/held'] } };
    this.#sink.upsert(this.#read(await this.#client.patch(reference, held)));
    await this.#client.remove(reference);
    this.#served.set(keyOf(record), { record, isHeld: true, isKept: false });
  }

  async #release(record: RecordByType[T]): Promise<void> {
    const released = { metadata: { finalizers: null } };
    await this.#client.patch(referenceTo(this.#type, record), released);
    this.#forget(record);
  }

  #forget(record: RecordByType[T]): void {
    this.#sink.remove(record);
    this.#served.delete(keyOf(record));
  }

  /** What the server refuses leaves it, and the index, as they are. */
  async #send(record: RecordByType[T], send: () => Promise<KubeObject>): Promise<void> {
    try {
      this.#sink.upsert(this.#read(await send()));
      this.#served.set(keyOf(record), { record, isHeld: false, isKept: false });
    } catch (error) {
      if (!(error instanceof KubeRefusal) || error.status !== INVALID) throw error;
      this.#refused++;
    }
  }

  #read(object: KubeObject): RecordByType[T] {
    const read = readRecord(this.#type, object);
    if (read.kind === 'record') return read.record;
    throw new Error(`${object.kind} ${object.metadata.name} of the server: ${read.problem}`);
  }
}

/** The server lets no binding be given another role. */
function hasSameRole(a: RecordByType[PolicyType], b: RecordByType[PolicyType]): boolean {
  if (!('roleRef' in a) || !('roleRef' in b)) return true;
  return a.roleRef.kind === b.roleRef.kind && a.roleRef.name === b.roleRef.name;
}

function keyOf({ namespace, name }: RecordByType[PolicyType]): string {
  return `${namespace}/${name}`;
}
