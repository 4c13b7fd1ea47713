// Owns a policy at a real API server: changing it, and knowing when the server decides by it.
import type { RbacReader } from '../../src/access/rbac/rbac-reader.ts';
import type { RecordSinks } from '../../src/access/rbac/record-sink.ts';
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';
import type { Policy } from '../fixtures/rbac-oracle.ts';
import type { KubeClient } from '../neighbours/kube-client.ts';
import { pollUntil } from '../neighbours/poll-until.ts';
import { isAllowedBy } from './reader-answers.ts';
import { reviewOf } from './review-of.ts';
import { ownNamespaceOfSentinels, nextSentinel, type Sentinel } from './sentinel.ts';
import { ServedType, type Chance } from './served-type.ts';

const SEEN_WITHIN_MS = 60_000;
const POLL_EVERY_MS = 3;
const namespaces = ['ns1', 'ns2', ownNamespaceOfSentinels];

export class ServedPolicy {
  readonly #client: KubeClient;
  readonly #types: { readonly [T in keyof Policy]: ServedType<T> };

  /** `sinks` are told everything that the server is told, from its own answers. */
  constructor(client: KubeClient, sinks: RecordSinks) {
    this.#client = client;
    this.#types = {
      roles: new ServedType('roles', client, sinks.roles),
      rolebindings: new ServedType('rolebindings', client, sinks.rolebindings),
      clusterroles: new ServedType('clusterroles', client, sinks.clusterroles),
      clusterrolebindings: new ServedType('clusterrolebindings', client, sinks.clusterrolebindings),
    };
  }

  /** Makes the namespaces, and takes over what the server has of its own. */
  async load(): Promise<void> {
    for (const name of namespaces) {
      await this.#client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    await this.#ofEachType((type) => type.load());
  }

  get refused(): number {
    return Object.values(this.#types).reduce((sum, { refused }) => sum + refused, 0);
  }

  /** Everything that the server enforces, its own roles and bindings included. */
  whole(): Policy {
    const { roles, rolebindings, clusterroles, clusterrolebindings } = this.#types;
    return {
      roles: roles.records(),
      rolebindings: rolebindings.records(),
      clusterroles: clusterroles.records(),
      clusterrolebindings: clusterrolebindings.records(),
    };
  }

  /** What this test has put there. */
  own(): Policy {
    const { roles, rolebindings, clusterroles, clusterrolebindings } = this.#types;
    return {
      roles: roles.policyRecords(),
      rolebindings: rolebindings.policyRecords(),
      clusterroles: clusterroles.policyRecords(),
      clusterrolebindings: clusterrolebindings.policyRecords(),
    };
  }

  /** Resolves when the server decides by the new policy, and every one of the readers, too. */
  async become(target: Policy, random: Chance, readers: readonly RbacReader[] = []): Promise<void> {
    const { roles, rolebindings, clusterroles, clusterrolebindings } = this.#types;
    await Promise.all([
      roles.become(target.roles, random),
      rolebindings.become(target.rolebindings, random),
      clusterroles.become(target.clusterroles, random),
      clusterrolebindings.become(target.clusterrolebindings, random),
    ]);
    await this.seenBy(readers);
  }

  /**
   * The server decides by caches of its own, one per type, each of which sees changes in their
   * order: as soon as an object of each type that was changed last is seen, so is all before.
   */
  async seenBy(readers: readonly RbacReader[]): Promise<void> {
    const placed = nextSentinel();
    await Promise.all([
      this.#types.roles.keep(placed.role),
      this.#types.rolebindings.keep(placed.roleBinding),
      this.#types.clusterroles.keep(placed.clusterRole),
      this.#types.clusterrolebindings.keep(placed.clusterRoleBinding),
    ]);
    await this.#serverSees(placed);
    for (const reader of readers) await readerSees(reader, placed);
  }

  async #serverSees({ questions }: Sentinel): Promise<void> {
    for (const asked of questions) {
      const spec = reviewOf(asked, []);
      await pollUntil(
        'the API server decides by what was written last',
        async () => {
          const review = await this.#client.review(spec);
          return review.kind === 'decided' && review.isAllowed;
        },
        { withinMs: SEEN_WITHIN_MS, everyMs: POLL_EVERY_MS },
      );
    }
  }

  async #ofEachType(work: (type: { load(): Promise<void> }) => Promise<void>): Promise<void> {
    for (const type of Object.values(this.#types)) await work(type);
  }
}

async function readerSees(reader: RbacReader, { questions }: Sentinel): Promise<void> {
  const isAllowed = (asked: AskedQuestion) => isAllowedBy(reader, asked);
  await pollUntil('the index has what was written last', () => questions.every(isAllowed), {
    withinMs: SEEN_WITHIN_MS,
    everyMs: POLL_EVERY_MS,
  });
}
