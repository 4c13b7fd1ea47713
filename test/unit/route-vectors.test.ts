// The route vectors against the shipped catalogue.
import { describe, expect, it } from 'vitest';
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
