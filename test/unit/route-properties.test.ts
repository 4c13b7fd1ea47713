// What holds for every request, whatever the catalogue's rows: found with random ones.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METHODS, type RouteRow } from '../../src/access/catalogue/route-row.ts';
import { judge, shippedRows, told, type JudgedRequest } from '../fixtures/shipped-catalogue.ts';
import { readRouteVectors, type RouteVector } from '../vectors/route-vectors.ts';

const vectors = readRouteVectors();

function request(change: Partial<JudgedRequest>): JudgedRequest {
  return {
    ...{ method: 'GET', url: '/', host: 'kubeflow.example.com', headers: [], config: {} },
    ...change,
  };
}

/** Every segment that some vector has, and what attackers put between them. */
const segment = fc.oneof(
  fc.constantFrom(...new Set(vectors.flatMap(({ url }) => pathOf(url).split('/')))),
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    'dex',
    'DEX',
    'dex%2F',
    'dex;',
    '*',
    'a b',
    '\u00e9',
  ),
  fc.string({ maxLength: 8 }),
);
const query = fc.oneof(
  fc.constant(''),
  fc.constantFrom(
    '?namespace=team-a',
    '?namespace=',
    '?namespace=team-a&namespace=team-b',
    '?/dex/',
  ),
  fc.string({ maxLength: 20 }).map((text) => `?${text}`),
);
const url = fc
  .tuple(fc.array(segment, { maxLength: 9 }), query)
  .map(([segments, behind]) => `/${segments.join('/')}${behind}`);
const INFERENCE = 'iris.team-a.models.example.com';
const host = fc.constantFrom('kubeflow.example.com', INFERENCE, 'models.example.com');
const configs: JudgedRequest['config'][] = [
  {},
  { unmatched: 'deny' },
  { inferenceHosts: ['{name}.{namespace}.models.example.com', '*.models.example.com'] },
];
const anyRequest = fc.record({
  ...{ method: fc.constantFrom(...METHODS), url, host },
  headers: fc.constant([]),
  config: fc.constantFrom(...configs),
});

function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? '';
}

describe('any request', () => {
  it('is judged without an exception, and public only below /dex/ and /oauth2/', () => {
    fc.assert(
      fc.property(anyRequest, (asked) => {
        const judgement = judge(asked);
        if (judgement.kind === 'refused' || judgement.route.demand.kind !== 'public') return;
        expect(asked.url).toMatch(/^\/(?:dex|oauth2)\/[^/?]/);
        const isInference = asked.config.inferenceHosts !== undefined && asked.host === INFERENCE;
        expect(isInference).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });

  it('asks for something where it asks', () => {
    fc.assert(
      fc.property(anyRequest, (asked) => {
        const judgement = judge(asked);
        if (judgement.kind === 'refused' || judgement.route.demand.kind !== 'questions') return;
        expect(judgement.route.demand.questions.length).toBeGreaterThan(0);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** A path that fits the row; placeholders stand for `x`. */
function pathsOf({ paths }: RouteRow): string[] {
  return paths.map(({ text }) => text.replaceAll(/\{[A-Za-z]+\}/g, 'x').replace(/\/\*\*$/, '/x'));
}

describe('a row that reads its namespace from the query', () => {
  const readers = shippedRows.flatMap((row) => {
    const { namespace, methods } = row;
    if (namespace.kind !== 'query') return [];
    const method = methods === 'any' ? 'POST' : methods[0];
    return pathsOf(row).map((path) => ({ id: row.id, path, method, source: namespace }));
  });

  it.each(readers)('$id takes no namespace that is there twice: $method $path', (reader) => {
    const spelling = fc
      .constantFrom(...reader.source.parameters)
      .chain((name) => fc.constantFrom(name, escaped(name), `${name}[]`, `${name}%5B0%5D`));
    const value = fc.constantFrom('team-a', 'team-b', '', 'team%2Da');
    const pair = fc.tuple(spelling, value).map(([name, text]) => `${name}=${text}`);
    const noise = fc.constantFrom('a=1', '', 'ns=x', 'page_size=10', '%zz');
    const when = (reader.source.when?.parameters ?? [])
      .slice(0, 1)
      .map((name) => `${name}=${reader.source.when?.values[0] ?? ''}`);
    fc.assert(
      fc.property(pair, pair, fc.array(noise, { maxLength: 3 }), (one, other, rest) => {
        const asked = `${reader.path}?${[...when, one, ...rest, other].join('&')}`;
        const judgement = judge(request({ method: reader.method ?? 'GET', url: asked }));
        expect(told(judgement)).toEqual({ refused: 'namespace_ambiguous' });
      }),
    );
  });
});

/** The name with its first letter escaped, which every reader of queries undoes. */
function escaped(name: string): string {
  return `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
}

describe('a spelling that the backend takes for the same', () => {
  /** What is asked, denied or inspected, and is not named for being no such thing. */
  const demanding = vectors.filter(
    ({ expect: wanted }) => 'questions' in wanted || 'deny' in wanted || 'inspect' in wanted,
  );

  it.each(demanding.filter(({ url: each }) => !pathOf(each).endsWith('/')))(
    'demands the same with a slash at the end: $method $url',
    (vector) => {
      const path = pathOf(vector.url);
      const slashed = { ...vector, url: `${path}/${vector.url.slice(path.length)}` };
      expect(told(judge(slashed))).toEqual(told(judge(vector)));
    },
  );

  /** Express 4 and 5 compare paths without case unless told otherwise. */
  const inExpress = demanding.filter(({ url: each }) =>
    /^\/(api\/(?!model_)|debug|pipeline\/(k8s|artifacts|apps)\b)/i.test(each),
  );

  it.each(inExpress)('demands the same in any case: $method $url', (vector) => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), (flips) => {
        const folded = { ...vector, url: withFlippedCase(vector, flips) };
        expect(told(judge(folded))).toEqual(told(judge(vector)));
      }),
    );
  });
});

/** Flips letters of the path, but neither of namespaces nor of the prefix that Envoy compares. */
function withFlippedCase({ url: target }: RouteVector, flips: Iterator<boolean>): string {
  const path = pathOf(target);
  const kept = new Set(['pipeline', 'team-a', 'x']);
  const segments = path
    .split('/')
    .map((each) =>
      kept.has(each)
        ? each
        : Array.from(each, (letter) => flipped(letter, flips.next().value === true)).join(''),
    );
  return segments.join('/') + target.slice(path.length);
}

function flipped(letter: string, isFlipped: boolean): string {
  if (!isFlipped) return letter;
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}
