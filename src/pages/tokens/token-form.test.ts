import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTokenScope } from '../../identity/bearer/token-scope.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../kernel/duration.ts';
import { newTokenForm, readNewToken } from './token-form.ts';

const MOST_MS = 90 * DAY_MS;
const filledIn = { name: 'ci', expires: '7d', effect: 'read' };

function read(changes: Readonly<Record<string, string>>) {
  return readNewToken(new Map(Object.entries({ ...filledIn, ...changes })), MOST_MS);
}

function livesOf(maxLifetimeMs: number) {
  const found = newTokenForm(maxLifetimeMs).fields.find((field) => field.kind === 'select');
  return found?.options ?? [];
}

describe('the form for a new token', () => {
  it.each([
    [90 * DAY_MS, ['in 1 day', 'in 7 days', 'in 30 days', 'in 90 days'], 'in 30 days'],
    [10 * DAY_MS, ['in 1 day', 'in 7 days', 'in 10 days'], 'in 10 days'],
    [12 * HOUR_MS, ['in 12 hours'], 'in 12 hours'],
    [90 * MINUTE_MS, ['in 90 minutes'], 'in 90 minutes'],
    [366 * DAY_MS, [1, 7, 30, 90, 365, 366], 'in 30 days'],
  ])('offers lives up to %i ms', (most, labels, chosen) => {
    const options = livesOf(most);
    const expected = labels.map((label) =>
      typeof label === 'string' ? label : `in ${label} day${label === 1 ? '' : 's'}`,
    );
    expect(options.map(({ label }) => label)).toEqual(expected);
    expect(options.filter(({ isChosen }) => isChosen).map(({ label }) => label)).toEqual([chosen]);
  });

  it('offers nothing that it would refuse itself', () => {
    for (const most of [10 * MINUTE_MS, DAY_MS, 45 * DAY_MS, 366 * DAY_MS]) {
      for (const { value } of livesOf(most)) {
        expect(
          readNewToken(new Map(Object.entries({ ...filledIn, expires: value })), most),
        ).toBeDefined();
      }
    }
  });
});

describe('what the form sends', () => {
  it('is a wish with its scope in one spelling', () => {
    expect(
      read({
        effect: 'write',
        namespaces: ' team-b, team-a ',
        classes: 'pipelines',
        beyond: 'pipelines:all-my-namespaces',
      }),
    ).toEqual({
      kind: 'create-token',
      name: 'ci',
      scope: 'write class:pipelines namespace:team-a namespace:team-b pipelines:all-my-namespaces',
      lifetimeMs: 7 * DAY_MS,
    });
    expect(read({})).toMatchObject({ scope: 'read' });
    expect(read({ name: ' nightly run ' })).toMatchObject({ name: 'nightly run' });
  });

  it.each<Readonly<Record<string, string>>>([
    { name: '' },
    { name: '   ' },
    { name: 'a\nb' },
    { name: 'right-to-left \u202e' },
    { name: 'a no-break\u00a0space' },
    { name: 'x'.repeat(65) },
    { expires: '' },
    { expires: '91d' },
    { expires: '0s' },
    { expires: 'never' },
    { effect: '' },
    { effect: 'admin' },
    { effect: 'class:pipelines' },
    { namespaces: 'Team' },
    { namespaces: '*' },
    { classes: 'Pipelines' },
    { beyond: 'pipelines:all' },
  ])('is refused with %j', (changes) => {
    expect(read(changes)).toBeUndefined();
  });

  it('never turns a name of a namespace or a class into more', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (namespaces, classes) => {
        const wish = read({ namespaces: `a ${namespaces}`, classes: `b ${classes}` });
        if (wish === undefined) return;
        const scope = parseTokenScope(wish.scope);
        expect(scope).toMatchObject({ effect: 'read', allMyPipelines: false });
        expect(scope?.namespaces?.has('a')).toBe(true);
        expect(scope?.classes?.has('b')).toBe(true);
      }),
    );
  });
});
