import { describe, expect, it } from 'vitest';
import { RbacIndex } from '../../src/access/rbac/rbac-index.ts';
import type { Grant, NearMiss, RbacReader, Subjects } from '../../src/access/rbac/rbac-reader.ts';
import type { BindingRecord } from '../../src/access/rbac/rbac-records.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { liveOn, loadPolicy } from '../fixtures/rbac-history.ts';
import type { Asker, Policy, Question } from '../fixtures/rbac-oracle.ts';
import { oracleAllows } from '../fixtures/rbac-oracle.ts';
import type { AskedQuestion } from '../fixtures/rbac-policies.ts';
import { emptyPolicy, randomPolicy, randomQuestion } from '../fixtures/rbac-policies.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

/** Another number is another run; a failure names the seed of its history. */
const FIRST_SEED = Number(process.env['RBAC_SEED'] ?? 1);
const HISTORIES = 500;
const MOMENTS = 20;
const QUESTIONS = 100;

describe('the RBAC index', () => {
  it('answers a million questions over random histories as the oracle does', () => {
    const tally = { asked: 0, allowed: 0, answersChanged: 0 };
    for (let history = 0; history < HISTORIES; history++) {
      compareHistory(FIRST_SEED + history, tally);
    }
    expect(tally.asked).toBeGreaterThanOrEqual(1_000_000);
    // a run that allowed next to nothing, or next to everything, would have proved little
    expect(tally.allowed).toBeGreaterThan(tally.asked / 20);
    expect(tally.allowed).toBeLessThan(tally.asked / 2);
    expect(tally.answersChanged).toBeGreaterThan(HISTORIES);
  }, 180_000);
});

interface Tally {
  asked: number;
  allowed: number;
  answersChanged: number;
}

/** Every question is asked of the index that lived through it all, every tenth also of a fresh one. */
function compareHistory(seed: number, tally: Tally): void {
  const random = new SeededRandom(seed);
  const how = seed % 4 === 0 ? 'valid' : 'wild';
  const index = new RbacIndex();
  let policy = randomPolicy(random, how);
  loadPolicy(index.sinks, policy, random);
  for (let moment = 0; moment < MOMENTS; moment++) {
    const watched = Array.from({ length: 5 }, () => randomQuestion(random, policy));
    const answers = watched.map((asked) => indexAllows(index, asked));
    const { revision } = index;
    policy = liveOn(index.sinks, policy, random, how);
    const fresh = new RbacIndex();
    loadPolicy(fresh.sinks, policy, random);

    for (let count = 0; count < QUESTIONS; count++) {
      const asked = randomQuestion(random, policy);
      const asker = askerOf(index, asked);
      const expected = oracleAllows(policy, asker, asked.question);
      tally.asked++;
      if (expected) tally.allowed++;
      require(indexAllows(index, asked) === expected, 'answers', seed, asked);
      if (count % 10 !== 0) continue;
      require(indexAllows(fresh, disordered(random, asked)) === expected, 'order', seed, asked);
      const subjects = index.subjectsOf(principalOf(asked.asker));
      require(allows(fresh, subjects, asked.question) ===
        expected, 'strange subjects', seed, asked);
      require(allows(index, subjects, asked.question) === expected, 'own subjects', seed, asked);
      checkExplanation(index, policy, asked, seed);
    }
    const moved = watched.filter((asked, at) => indexAllows(index, asked) !== answers[at]);
    tally.answersChanged += moved.length;
    if (moved[0] !== undefined) require(index.revision > revision, 'revision', seed, moved[0]);
  }
}

/** One object per caller for all histories, as a session keeps it over all changes of policy. */
const principals = new Map<string, Principal>();
function principalOf({ user, groups }: Asker): Principal {
  const key = JSON.stringify([user, groups]);
  const known = principals.get(key) ?? { userId: user, groups };
  principals.set(key, known);
  return known;
}

function indexAllows(index: RbacReader, { asker, question }: AskedQuestion): boolean {
  return allows(index, index.subjectsOf(principalOf(asker)), question);
}

function allows(index: RbacReader, subjects: Subjects, question: Question): boolean {
  if ('path' in question) return index.explain(subjects, question).kind === 'allowed';
  return index.grantOf(subjects, question) !== undefined;
}

/** The caller as the API server would see the request: with the groups that are implied. */
function askerOf(index: RbacReader, { asker }: AskedQuestion): Asker {
  const { implicitGroups } = index.subjectsOf(principalOf(asker));
  return { user: asker.user, groups: [...asker.groups, ...implicitGroups] };
}

/** The same caller with groups in another order, and some twice. */
function disordered(random: SeededRandom, { asker, question }: AskedQuestion): AskedQuestion {
  const groups = random.shuffled([...asker.groups, ...asker.groups]);
  return { asker: { user: asker.user, groups }, question };
}

/** What is explained must be true by the oracle: of the one binding alone, or with what was missing. */
function checkExplanation(
  index: RbacReader,
  policy: Policy,
  asked: AskedQuestion,
  seed: number,
): void {
  const { question } = asked;
  const asker = askerOf(index, asked);
  const subjects = index.subjectsOf(principalOf(asked.asker));
  const explanation = index.explain(subjects, question);
  const isAllowed = explanation.kind === 'allowed';
  require(isAllowed === indexAllows(index, asked), 'explain', seed, asked);
  if (explanation.kind === 'allowed') {
    const { binding, rule } = explanation.grant;
    if (binding === undefined) return;
    const alone = oracleAllows(withOnly(policy, binding), asker, question);
    require(alone && rule !== undefined, 'grant', seed, asked);
    if ('path' in question) return;
    const grant: Grant | undefined = index.grantOf(subjects, question);
    require(grant?.binding === binding, 'explained grant', seed, asked);
    return;
  }
  require(explanation.nearest.length <= 5, 'near misses', seed, asked);
  for (const miss of explanation.nearest) {
    require(isNear(policy, asker, question, miss), miss.why, seed, asked);
  }
}

function isNear(policy: Policy, asker: Asker, question: Question, miss: NearMiss): boolean {
  const { binding, why } = miss;
  if (why === 'not_a_subject') {
    const subject = { kind: 'User' as const, name: asker.user, namespace: '' };
    const joined = withOnly(policy, { ...binding, subjects: [subject] });
    return oracleAllows(joined, asker, question);
  }
  const { kind, name } = binding.roleRef;
  const roles = (kind === 'Role' ? policy.roles : policy.clusterroles).filter(
    (role) => role.name === name && role.namespace === (kind === 'Role' ? binding.namespace : ''),
  );
  const exists = roles.length > 0 && (kind === 'Role' || kind === 'ClusterRole');
  if (why === 'role_missing') return !exists;
  const all = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [] }].map(
    (rule) => ({ ...rule, nonResourceURLs: ['*'] }),
  );
  const widened = roles.map((role) => ({ ...role, rules: all }));
  const wider = { ...withOnly(policy, binding), roles: widened, clusterroles: widened };
  return exists && oracleAllows(wider, asker, question);
}

function withOnly(policy: Policy, binding: BindingRecord): Policy {
  const { roles, clusterroles } = policy;
  const type = binding.namespace === '' ? 'clusterrolebindings' : 'rolebindings';
  return { ...emptyPolicy, roles, clusterroles, [type]: [binding] };
}

/** Cheaper than expect(), which would cost more than the decision. */
function require(isTrue: boolean, what: string, seed: number, asked: AskedQuestion): void {
  if (isTrue) return;
  throw new Error(`${what} differ, RBAC_SEED=${seed}: ${JSON.stringify(asked)}`);
}
