import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { managedByDefault } from '../../test/fixtures/hygiene.ts';
import { compileManagedHeaders, foldHeaderName } from './managed-headers.ts';

const managed = compileManagedHeaders(managedByDefault);

describe('compileManagedHeaders', () => {
  it.each([
    ...['kubeflow-userid', 'Kubeflow-UserId', 'KUBEFLOW-GROUPS', 'x-kfgw-assertion'],
    ...['X-Auth-Request-Email', 'x-forwarded-user', 'X-Forwarded-Access-Token', 'X-Remote-Group'],
    ...[
      'Impersonate-User',
      'impersonate-extra-scopes',
      'X-Goog-Authenticated-User-Email',
      'GAP-Auth',
    ],
    ...['Remote-User', 'x-auth-request-some_thing'],
  ])('%s is managed', (name) => {
    expect(managed.classify(name)).toBe('managed');
  });

  it.each([
    ...[
      'kubeflow_userid',
      'KUBEFLOW_USERID',
      'kubeflow.userid',
      'Kubeflow_UserId',
      'kubeflow!userid',
    ],
    ...['kubeflow~groups', 'x_kfgw_assertion', 'x-kfgw_assertion', 'X_Auth_Request_Email'],
    ...['x.auth-request_user', 'X_Forwarded_User', 'x_remote_user', 'impersonate_user', 'gap_auth'],
  ])('%s is an alias', (name) => {
    expect(managed.classify(name)).toBe('alias');
  });

  it.each([
    ...[
      'host',
      'cookie',
      'x-forwarded-for',
      'kubeflow-useridx',
      'xkubeflow-userid',
      'kubeflowuserid',
    ],
    ...['__proto__', 'constructor', 'x-goog-api-client', 'x-remotely', ''],
  ])('%j is neither', (name) => {
    expect(managed.classify(name)).toBe('other');
  });

  it('names the entry that a header falls under, so that counts have few labels', () => {
    expect(managed.entryOf('X-Remote-Extra-Whatever')).toBe('x-remote-*');
    expect(managed.entryOf('Kubeflow-Userid')).toBe('kubeflow-userid');
    expect(managed.entryOf('accept')).toBeUndefined();
  });

  it.each(['', '*', 'a b', 'x_user', 'a*b', 'x:y', '-x'])('refuses %j as an entry', (entry) => {
    expect(() => compileManagedHeaders([entry])).toThrow(RangeError);
  });
});

describe('the recogniser as a property', () => {
  const punctuation = fc.constantFrom(...Array.from("-_.!#$%&'*+^`|~"));
  const marks = fc.array(punctuation, { minLength: 4, maxLength: 4 });
  const entry = fc.constantFrom(...managedByDefault);
  /** Any spelling of an entry: each hyphen as any punctuation, each letter in either case. */
  const spelling = fc
    .tuple(entry, marks, fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }))
    .map(([name, mark, isUpper]) => {
      let hyphen = 0;
      const marked = name.replace('*', 'extra').replaceAll('-', () => mark[hyphen++ % 4] ?? '-');
      return Array.from(marked, (letter, index) =>
        isUpper[index % 7] === true ? letter.toUpperCase() : letter,
      ).join('');
    });

  it('never takes a spelling that folds to a managed name for another header', () => {
    fc.assert(
      fc.property(spelling, (name) => {
        expect(managed.classify(name)).not.toBe('other');
      }),
      { numRuns: 3000 },
    );
  });

  it('calls every entry managed under its exact name in any case', () => {
    for (const name of managedByDefault.map((text) => text.replace('*', 'extra'))) {
      expect(managed.classify(name)).toBe('managed');
      expect(managed.classify(name.toUpperCase())).toBe('managed');
    }
  });

  it('takes a name for another header only when its folded spelling is not managed', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,30}$/), (name) => {
        const folded = managed.classify(foldHeaderName(name));
        expect(managed.classify(name) === 'other').toBe(folded === 'other');
      }),
    );
  });
});
