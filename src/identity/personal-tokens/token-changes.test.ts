// What a replica remembers of changes of tokens.
import { beforeEach, describe, expect, it } from 'vitest';
import { TokenChanges } from './token-changes.ts';

let changes: TokenChanges;
beforeEach(() => {
  changes = new TokenChanges();
});

const change = (key: string) => {
  changes.heard({ kind: 'session', key });
};

describe('a token that was read', () => {
  it('is doubted by a change after that, and not by one before', () => {
    change('one');
    const read = changes.count;
    expect(changes.isChangedSince('one', read)).toBe(false);
    change('one');
    expect(changes.isChangedSince('one', read)).toBe(true);
    expect(changes.isChangedSince('one', changes.count)).toBe(false);
  });

  it('is not doubted by changes of others', () => {
    const read = changes.count;
    change('two');
    expect(changes.isChangedSince('one', read)).toBe(false);
  });

  it('is doubted when messages may have been missed', () => {
    const read = changes.count;
    changes.heard({ kind: 'all' });
    expect(changes.isChangedSince('one', read)).toBe(true);
    expect(changes.isChangedSince('one', changes.count)).toBe(false);
  });

  it('is doubted when more has changed since than is remembered', () => {
    const read = changes.count;
    change('one');
    const readAfter = changes.count;
    for (let at = 0; at < 10_000; at++) change(`other-${at}`);
    expect(changes.isChangedSince('one', read)).toBe(true);
    expect(changes.isChangedSince('never heard of', read)).toBe(true);
    expect(changes.isChangedSince('one', readAfter)).toBe(false);
  });

  it('has ended when this replica ended it, whatever is heard later', () => {
    const read = changes.count;
    changes.ended('one', 'token_revoked');
    expect(changes.isChangedSince('one', read)).toBe(true);
    change('one');
    changes.heard({ kind: 'all' });
    expect(changes.endOf('one')).toBe('token_revoked');
    expect(changes.endOf('two')).toBeUndefined();
  });
});
