// Measures a whole decision as a door asks for it: the row of the shipped catalogue, then `decide` with the
// RBAC index of a cluster behind it. Medians of many short rounds.
//   node bench/whole-decision.ts [namespaces]
import { IndexAuthorizer } from '../src/access/authorizer.ts';
import { createUpstreamTable } from '../src/access/upstream-table.ts';
import { RbacIndex } from '../src/access/rbac/rbac-index.ts';
import { decide, type AccessRules } from '../src/decide.ts';
import { Questions } from '../src/doors/questions.ts';
import type { Authentication } from '../src/identity/authentication.ts';
import { systemRandom } from '../src/kernel/random.ts';
import { readRequestHead } from '../src/request/read-request-head.ts';
import type { RequestHead } from '../src/request/request-head.ts';
import { hygieneWith } from '../test/fixtures/hygiene.ts';
import { SeededRandom } from '../test/fixtures/seeded-random.ts';
import { shippedRows } from '../test/fixtures/shipped-catalogue.ts';
import { compileCatalogue } from '../src/access/catalogue/compile-catalogue.ts';
import { loadPolicy } from './policy-load.ts';
import { median } from './process-usage.ts';
import { groupName, namespaceName, ownerOf } from './rbac-policy.ts';

const ROUNDS = 301;
const REQUESTS = 500;
const GROUPS = 4;
const namespaces = Number(process.argv[2] ?? 10_000);
const random = new SeededRandom(1);
const hygiene = hygieneWith();

const kinds: Readonly<Record<string, (namespace: string) => string>> = {
  'a notebook': (namespace) => `/notebook/${namespace}/lab/api/contents/work?type=directory`,
  'the list of notebooks': (namespace) => `/jupyter/api/namespaces/${namespace}/notebooks`,
  'runs, namespace in the query': (namespace) =>
    `/pipeline/apis/v2beta1/runs?namespace=${namespace}&page_size=10&sort_by=created_at%20desc`,
  'runs of v1beta1, four spellings': (namespace) =>
    `/pipeline/apis/v1beta1/runs?resource_reference_key.type=NAMESPACE&resource_reference_key.id=${namespace}`,
  'a page of the dashboard': () => '/_/jupyter/',
};

const index = new RbacIndex();
for (const type of ['clusterroles', 'clusterrolebindings', 'rolebindings', 'profiles'] as const)
  loadInto(type);
const rules: AccessRules = {
  authorizer: new IndexAuthorizer({
    rbac: index,
    policy: { state: () => ({ kind: 'current' }) },
    isNew: () => false,
    note: () => undefined,
  }),
  mode: 'enforce',
  uninspected: 'refuse',
};
const options = { openVerb: 'get', unmatched: 'authenticated', inferenceHosts: [] } as const;
const questions = new Questions({
  upstreams: createUpstreamTable([
    {
      prefix: '/',
      url: 'http://ingress.test',
      access: 'authenticated',
      connectTimeoutMs: 1,
      responseTimeoutMs: 1,
    },
  ]),
  routes: compileCatalogue([shippedRows], options),
  hygiene,
});
const people = new Map<string, Authentication>();

console.log(
  `${namespaces.toLocaleString('en')} namespaces, ${GROUPS} groups; microseconds, median`,
);
for (const [kind, urlOf] of Object.entries(kinds))
  console.log(`  ${kind}: ${median(microseconds(urlOf)).toFixed(2)}`);

function loadInto(
  type: 'clusterroles' | 'clusterrolebindings' | 'rolebindings' | 'profiles',
): void {
  const { sinks } = index;
  if (type === 'clusterroles') loadPolicy(type, sinks[type].begin(), namespaces);
  else if (type === 'profiles') loadPolicy(type, sinks[type].begin(), namespaces);
  else loadPolicy(type, sinks[type].begin(), namespaces);
}

function microseconds(urlOf: (namespace: string) => string): readonly number[] {
  return Array.from({ length: ROUNDS }, () => {
    const asked = Array.from({ length: REQUESTS }, () => {
      const at = random.below(Math.min(namespaces, 1_000));
      return { head: headOf(urlOf(namespaceName(at))), who: personOf(ownerOf(at)) };
    });
    const started = performance.now();
    for (const { head, who } of asked) {
      const question = questions.of(head)?.question;
      const outcome = question === undefined ? undefined : decide(question, who, rules);
      // The synthetic roles know notebooks only: the others are asked, and refused.
      if (outcome?.kind !== 'permit' && outcome?.kind !== 'refuse')
        throw new Error(`${head.target.raw}: ${outcome?.kind ?? 'no upstream'}`);
    }
    return ((performance.now() - started) * 1_000) / REQUESTS;
  });
}

function headOf(url: string): RequestHead {
  const rawHeaders = ['Host', 'kubeflow.example.com', 'Accept', 'application/json'];
  const request = { method: 'GET', url, rawHeaders, peerAddress: '127.0.0.1', isEncrypted: false };
  const read = readRequestHead(request, hygiene, systemRandom);
  if (read.kind === 'refused') throw new Error(read.reason);
  return read.head;
}

/** Sessions live longer than requests: each is made once. */
function personOf(userId: string): Authentication {
  const known = people.get(userId);
  if (known !== undefined) return known;
  const first = random.below(1_000);
  const groups = Array.from({ length: GROUPS }, (_, step) => groupName(first + step * 17));
  const made: Authentication = {
    kind: 'authenticated',
    identity: {
      principal: { userId, groups },
      credential: { kind: 'session', sessionHandle: userId, person: userId },
      headers: [],
      assertion: () => '',
      markUsed: () => undefined,
    },
  };
  people.set(userId, made);
  return made;
}
