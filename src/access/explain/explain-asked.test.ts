import { describe, expect, it } from 'vitest';
import { hygieneWith } from '../../../test/fixtures/hygiene.ts';
import { systemRandom } from '../../kernel/random.ts';
import { RbacIndex } from '../rbac/rbac-index.ts';
import { explainQuery, type AskedParts } from './explain-asked.ts';

const parts: AskedParts = {
  matcher: { match: () => ({ kind: 'refused', reason: 'namespace_ambiguous', routeId: 'x' }) },
  rbac: new RbacIndex(),
  policy: { state: () => ({ kind: 'current' }) },
  mode: 'enforce',
  hygiene: hygieneWith(),
  random: systemRandom,
  host: 'kf.example.com',
};
const answerTo = (query: string) => explainQuery(new URLSearchParams(query), parts);

describe('explainQuery', () => {
  it('explains, in both forms', () => {
    const { status, value, text } = answerTo(
      'user=a&group=g&group=&group=h&url=/x%3Fy&method=post',
    );
    expect(status).toBe(200);
    expect(value).toMatchObject({
      ...{ decision: 'refused', reason: 'namespace_ambiguous' },
      ...{ method: 'POST', url: '/x?y', host: 'kf.example.com', user: 'a', groups: ['g', 'h'] },
    });
    expect(text).toMatch(/^REFUSED {2}POST \/x\?y/);
  });

  it('explains a request that every listener refuses', () => {
    expect(answerTo('user=a&url=/a/../b').value).toMatchObject({
      ...{ decision: 'refused', reason: 'target_dot_segment', method: 'GET', url: '/a/../b' },
    });
  });

  it.each(['', 'user=a', 'url=/', 'user=&url=/', 'user=a&user=b&url=/', 'user=a&url=/&url=/b'])(
    'says what it needs for %j',
    (query) => {
      expect(answerTo(query)).toMatchObject({ status: 400 });
    },
  );
});
