// The route vectors against the shipped catalogue.
import { describe, expect, it } from 'vitest';
import { outsideScope } from '../../src/access/token-limits.ts';
import { ALL_MY_PIPELINES, parseTokenScope } from '../../src/identity/bearer/token-scope.ts';
import { judge, shippedRows, told } from '../fixtures/shipped-catalogue.ts';
import { readRouteVectors, type RouteVector } from '../vectors/route-vectors.ts';

const vectors = readRouteVectors();
const areas = [...new Set(vectors.map(({ area }) => area))];

describe.each(areas)('route vectors, %s', (area) => {
  it.each(vectors.filter((vector) => vector.area === area))('$name: $method $url', (vector) => {
    const judgement = judge(vector);
    expect(told(judgement)).toEqual(wantedOf(vector));
    if (judgement.kind === 'refused') return;
    const { route } = judgement;
    expect({
      class: route.class,
      effect: route.effect,
      namespace: route.namespace ?? null,
      byId: route.isByIdOnly,
      neverRedirect: route.neverRedirect,
    }).toMatchObject(traitsOf(vector));
  });
});

/** The expectation in the words of `told`; where it leaves out `allow`, any methods will do. */
function wantedOf({ expect: wanted }: RouteVector): Readonly<Record<string, unknown>> {
  if ('questions' in wanted) return { questions: wanted.questions.toSorted() };
  if ('deny' in wanted && wanted.deny === 'method_not_allowed' && wanted.allow === undefined)
    return { ...wanted, allow: expect.any(Array) };
  return wanted;
}

/** What the vector says of the route besides its demand. */
function traitsOf(vector: RouteVector): Readonly<Record<string, unknown>> {
  const traits = ['class', 'effect', 'namespace', 'byId', 'neverRedirect'] as const;
  return Object.fromEntries(
    traits.filter((trait) => vector[trait] !== undefined).map((trait) => [trait, vector[trait]]),
  );
}

describe('a token of one namespace', () => {
  const asking = vectors.filter(({ expect: wanted }) => 'questions' in wanted || 'kind' in wanted);
  const isSeen = ({ namespace, byId = false }: RouteVector): boolean =>
    typeof namespace === 'string' && !byId;
  const refusalOf = (vector: RouteVector, namespace: string, more = ''): string | undefined => {
    const judgement = judge(vector);
    const scope = parseTokenScope(`write namespace:${namespace} ${more}`);
    if (judgement.kind !== 'route' || scope === undefined) throw new Error(vector.name);
    return outsideScope(scope, judgement.route)?.reason;
  };

  it('is for the requests that show that namespace, and not for others', () => {
    const seen = asking.filter(isSeen);
    expect(seen.length).toBeGreaterThan(100);
    for (const vector of seen) {
      const { name, namespace } = vector;
      expect(refusalOf(vector, namespace ?? ''), name).toBeUndefined();
      expect(refusalOf(vector, 'another'), name).toBe('insufficient_scope');
      expect(refusalOf(vector, 'another', ALL_MY_PIPELINES), name).toBe('insufficient_scope');
    }
  });

  it('is for no request by an id, in a body, or of what knows no namespaces', () => {
    const hidden = asking.filter(({ byId, namespace }) => byId === true || namespace === null);
    expect(hidden.length).toBeGreaterThan(50);
    const classes = new Set(hidden.map((vector) => vector.class));
    for (const each of ['pipelines', 'metadata', 'registry']) expect(classes).toContain(each);
    for (const vector of hidden) {
      const { name, namespace, class: routeClass } = vector;
      const own = namespace ?? 'team-a';
      expect(refusalOf(vector, own), name).toBe('token_namespace_unseen');
      const beyond = routeClass === 'pipelines' ? undefined : 'token_namespace_unseen';
      if (routeClass !== undefined)
        expect(refusalOf(vector, own, ALL_MY_PIPELINES), name).toBe(beyond);
    }
  });
});

describe('the table of route vectors', () => {
  it('is a table worth the name', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(300);
  });

  it('touches every row of the shipped catalogue', () => {
    const touched = new Set(vectors.map(idTouchedBy));
    expect(shippedRows.map(({ id }) => id).filter((id) => !touched.has(id))).toEqual([]);
  });

  it('is refused with 405 only together with the methods that are taken', () => {
    const answers = vectors.map((vector) => told(judge(vector)));
    const refused = answers.filter(({ deny }) => deny === 'method_not_allowed');
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expect(answer).toHaveProperty('allow.0');
  });
});

function idTouchedBy(vector: RouteVector): string | undefined {
  const judgement = judge(vector);
  if (judgement.kind === 'route') return judgement.route.id;
  return 'routeId' in judgement ? judgement.routeId : undefined;
}
