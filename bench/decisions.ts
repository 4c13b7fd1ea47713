// Measures the RBAC index: time of a decision, memory, and CPU time of a load, for a small and a
// large cluster. Times of decisions are medians of many rounds, each shorter than a time slice.
//   node --expose-gc bench/decisions.ts [namespaces …]
import type { ResourceQuestion } from '../src/access/rbac/access-question.ts';
import { listNamespaces } from '../src/access/namespaces-of.ts';
import { RbacIndex } from '../src/access/rbac/rbac-index.ts';
import type { Subjects } from '../src/access/rbac/rbac-reader.ts';
import { SeededRandom } from '../test/fixtures/seeded-random.ts';
import { loadPolicy, PAGE } from './policy-load.ts';
import { median } from './process-usage.ts';
import {
  BINDINGS_PER_NAMESPACE,
  contributorOf,
  groupName,
  namespaceName,
  ownerOf,
  userName,
  USERS,
} from './rbac-policy.ts';

const ROUNDS = 301;
const QUESTIONS = 500;
const GROUP_COUNTS = [4, 21];
const IN_USE = 1_000;
const sizes = process.argv.slice(2).map(Number);

const get = { verb: 'get', group: 'kubeflow.org', resource: 'notebooks', subresource: '' };
const create = { ...get, verb: 'create' };
const kinds = ['allowed', 'allowed by name', 'denied', 'denied by name'] as const;
type Kind = (typeof kinds)[number];
interface Asked {
  readonly subjects: Subjects;
  readonly question: ResourceQuestion;
}

const sessions = new Map<string, Subjects>();

for (const namespaces of sizes.length > 0 ? sizes : [10_000, 60_000]) await measureSize(namespaces);

async function measureSize(namespaces: number): Promise<void> {
  const index = new RbacIndex();
  const { sinks } = index;
  loadPolicy('clusterroles', sinks.clusterroles.begin(), namespaces);
  loadPolicy('clusterrolebindings', sinks.clusterrolebindings.begin(), namespaces);
  loadPolicy('profiles', sinks.profiles.begin(), namespaces);
  const before = heapMiB();
  const loading = loadPolicy('rolebindings', sinks.rolebindings.begin(), namespaces);
  const loaded = heapMiB() - before;
  const bindings = (namespaces * BINDINGS_PER_NAMESPACE).toLocaleString('en');
  console.log(`\n${namespaces.toLocaleString('en')} namespaces, ${bindings} RoleBindings`);
  console.log(`  memory ${loaded.toFixed(1)} MiB`);
  console.log(
    `  adding all RoleBindings ${loading.addMs.toFixed(0)} ms CPU, ` +
      `longest page of ${PAGE} with its parsing ${loading.pageMs.toFixed(1)} ms, ` +
      `commit ${loading.commitMs.toFixed(3)} ms`,
  );
  for (const [where, used] of [
    ['a thousand namespaces in use', Math.min(namespaces, IN_USE)],
    ['all namespaces in use, most of them cold in memory', namespaces],
  ] as const) {
    console.log(`  microseconds per decision, median and (best tenth), ${where}:`);
    for (const groups of GROUP_COUNTS) {
      const cells = kinds.map(
        (kind) => `${kind} ${figures(decisionMicroseconds(index, used, groups, kind))}`,
      );
      console.log(`    ${groups} groups: ${cells.join(', ')}`);
    }
  }
  console.log(
    `  namespaces of a person, all Profiles: ${(await namespacesMs(index)).toFixed(1)} ms`,
  );
}

/** Every question is new, its texts cut out of a request as in production; few at a time, so that they are no colder in memory than there. */
function decisionMicroseconds(
  index: RbacIndex,
  namespaces: number,
  groupCount: number,
  kind: Kind,
): readonly number[] {
  const random = new SeededRandom(groupCount);
  return Array.from({ length: ROUNDS }, () => {
    const asked = Array.from({ length: QUESTIONS }, () =>
      ask(index, random, namespaces, groupCount, kind),
    );
    const started = performance.now();
    let allowed = 0;
    for (const { subjects, question } of asked) {
      if (index.grantOf(subjects, question) !== undefined) allowed++;
    }
    const spent = performance.now() - started;
    const expected = kind.startsWith('allowed') ? QUESTIONS : 0;
    if (allowed !== expected) throw new Error(`${kind}: ${allowed} of ${QUESTIONS} were allowed`);
    return (spent * 1_000) / QUESTIONS;
  });
}

/** The median, and the tenth that was disturbed least: caches are shared with whoever else computes. */
function figures(rounds: readonly number[]): string {
  const least = rounds.toSorted((a, b) => a - b)[Math.floor(rounds.length / 10)] ?? Number.NaN;
  return `${median(rounds).toFixed(2)} (${least.toFixed(2)})`;
}

/** Owners and contributors are allowed; people are denied `create` in the namespaces of others. */
function ask(
  index: RbacIndex,
  random: SeededRandom,
  namespaces: number,
  groupCount: number,
  kind: Kind,
): Asked {
  const at = random.below(namespaces);
  const isAllowed = kind.startsWith('allowed');
  const strangers = [ownerOf(at), contributorOf(at)];
  let person = isAllowed ? random.pick(strangers) : userName(random.below(USERS));
  while (!isAllowed && strangers.includes(person)) person = userName(random.below(USERS));
  const first = random.below(1_000);
  const groups = Array.from({ length: groupCount }, (_, step) => groupName(first + step * 17));
  const path = `/notebook/${namespaceName(at)}/${kind.endsWith('name') ? 'lab' : ''}/`;
  const [, , namespace = '', name = ''] = path.split('/');
  const subjects = subjectsOf(index, person, groups);
  return { subjects, question: { action: isAllowed ? get : create, namespace, name } };
}

/** Sessions live longer than requests: each is made once. */
function subjectsOf(index: RbacIndex, userId: string, groups: string[]): Subjects {
  const key = `${userId} ${groups.length}`;
  const known = sessions.get(key);
  if (known !== undefined) return known;
  const made = index.subjectsOf({ userId, groups });
  sessions.set(key, made);
  return made;
}

async function namespacesMs(index: RbacIndex): Promise<number> {
  const random = new SeededRandom(1);
  const rounds: number[] = [];
  for (let round = 0; round < 31; round++) {
    const userId = userName(random.below(USERS));
    const subjects = index.subjectsOf({ userId, groups: ['team-1', 'team-2', 'team-3', 'team-4'] });
    const started = performance.now();
    await listNamespaces(index, subjects, Number.POSITIVE_INFINITY);
    rounds.push(performance.now() - started);
  }
  return median(rounds);
}

function heapMiB(): number {
  if (globalThis.gc === undefined) throw new Error('node --expose-gc bench/decisions.ts');
  for (let times = 0; times < 3; times++) globalThis.gc();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
