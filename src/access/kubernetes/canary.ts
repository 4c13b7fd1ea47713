// Owns the canary: a RoleBinding of our own that we change, to see how long the change takes to
// come back through the watch. It binds nobody, so no decision ever depends on it.
import { every, type Cancel, type Clock } from '../../kernel/clock.ts';
import { SECOND_MS } from '../../kernel/duration.ts';
import { fieldsOf } from '../../kernel/fields.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import { randomId, type Random } from '../../kernel/random.ts';
import type { ApiClient, ApiOutcome } from './api-client.ts';
import { isLater, isResourceVersion } from './resource-version.ts';

const ANNOTATION = 'kubeflow-auth-gateway/canary';
const NONCE_BITS = 64;
/** A server that starts refuses everybody for a moment. */
const REFUSALS_TOLD = 3;
const PATCH_WITHIN_MS = 5 * SECOND_MS;
/** As long as the watch stands still, only so many changes are waited for. */
const MOST_AWAITED = 16;

export interface CanaryOptions {
  readonly namespace: string;
  readonly name: string;
  readonly everyMs: number;
  readonly staleAfterMs: number;
}

interface CanaryParts {
  readonly options: CanaryOptions;
  readonly api: Pick<ApiClient, 'mergePatch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Changes that were made are not seen: the stream is doubted. */
  readonly onDoubt: () => void;
}

interface AwaitedChange {
  readonly version: string;
  readonly sentMs: number;
  readonly doneMs: number;
}

export class Canary {
  readonly #parts: CanaryParts;
  readonly #path: string;
  readonly #stop: Cancel;
  #awaited: AwaitedChange[] = [];
  #seenVersion: string | undefined;
  #provedMs: number | undefined;
  #doubtedMs = Number.NEGATIVE_INFINITY;
  #isPatching = false;
  #refusals = 0;

  constructor(parts: CanaryParts) {
    const { namespace, name, everyMs } = parts.options;
    this.#parts = parts;
    const inNamespace = `namespaces/${encodeURIComponent(namespace)}`;
    this.#path = `/apis/rbac.authorization.k8s.io/v1/${inNamespace}/rolebindings/${encodeURIComponent(name)}`;
    this.#stop = every(parts.clock, everyMs, () => {
      void this.#change();
    });
  }

  /**
   * All that had happened to RoleBindings until this monotonic time is in the index. Undefined
   * while the canary proves nothing: before the first change, and while the API server answers
   * but does not let us make one.
   */
  get provedMs(): number | undefined {
    return this.#provedMs;
  }

  /** The index has all RoleBindings up to this version; versions of one type can be compared. */
  seen(version: string): void {
    this.#seenVersion = version;
    const { clock, metrics } = this.#parts;
    for (const change of this.#awaited) {
      if (isLater(change.version, version)) continue;
      this.#provedMs = Math.max(this.#provedMs ?? 0, change.sentMs);
      const tookMs = Math.max(0, clock.monotonicMs() - change.doneMs);
      metrics.observe('kfgw_rbac_canary_seconds', {}, tookMs / SECOND_MS);
    }
    this.#awaited = this.#awaited.filter((change) => isLater(change.version, version));
  }

  close(): void {
    this.#stop();
  }

  async #change(): Promise<void> {
    this.#doubtIfUnseen();
    if (this.#isPatching) return;
    this.#isPatching = true;
    const { api, clock, random } = this.#parts;
    const sentMs = clock.monotonicMs();
    const annotations = { [ANNOTATION]: randomId(random, NONCE_BITS) };
    const outcome = await api.mergePatch(
      this.#path,
      { metadata: { annotations } },
      PATCH_WITHIN_MS,
    );
    this.#isPatching = false;
    this.#judge(outcome, sentMs);
  }

  #judge(outcome: ApiOutcome, sentMs: number): void {
    if (outcome.kind === 'ok') {
      const version = fieldsOf(fieldsOf(outcome.body)['metadata'])['resourceVersion'];
      if (isResourceVersion(version)) this.#made(version, sentMs);
      else this.#refused('the answer has no resourceVersion');
    } else if (outcome.kind === 'refused' || outcome.status !== undefined) {
      this.#refused(outcome.problem);
    }
    // Unreachable: what was last proved grows older.
  }

  #made(version: string, sentMs: number): void {
    this.#refusals = 0;
    this.#provedMs ??= sentMs;
    this.#awaited.push({ version, sentMs, doneMs: this.#parts.clock.monotonicMs() });
    this.#awaited.splice(0, this.#awaited.length - MOST_AWAITED);
    // The event may be faster than the answer.
    if (this.#seenVersion !== undefined) this.seen(this.#seenVersion);
  }

  /** A missing right or a broken admission webhook says nothing of the watch. */
  #refused(problem: string): void {
    this.#provedMs = undefined;
    this.#awaited = [];
    this.#refusals += 1;
    if (this.#refusals !== REFUSALS_TOLD) return;
    this.#parts.logger.error('The canary RoleBinding cannot be changed; it proves nothing.', {
      namespace: this.#parts.options.namespace,
      name: this.#parts.options.name,
      problem,
    });
  }

  /** Asked at every change: what was made half a period ago should have been seen long since. */
  #doubtIfUnseen(): void {
    const { clock, options, onDoubt } = this.#parts;
    const nowMs = clock.monotonicMs();
    const [oldest] = this.#awaited;
    if (oldest === undefined || nowMs - oldest.doneMs < options.everyMs / 2) return;
    if (nowMs - this.#doubtedMs < options.staleAfterMs) return;
    this.#doubtedMs = nowMs;
    onDoubt();
  }
}
