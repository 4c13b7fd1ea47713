import { describe, expect, it } from 'vitest';
import { questionText } from './rbac/access-question.ts';
import { checkWorkgroupCreate } from './workgroup-create.ts';

const caller = { userId: 'user@example.com', groups: ['team-a'] };

describe('a namespace is made for the caller', () => {
  it.each([
    ['by the registration page', { namespace: 'user' }],
    ['by nothing at all', {}],
    ['by an empty user, for which the dashboard takes the caller', { namespace: 'n', user: '' }],
    ['by the own name', { namespace: 'n', user: 'user@example.com' }],
  ])('%s', (_how, body) => {
    expect(checkWorkgroupCreate(body, caller)).toEqual({ kind: 'own' });
  });
});

describe('a namespace could become somebody else’s', () => {
  it.each([
    ['by another name', { user: 'admin@example.com' }],
    ['by the same name in another case', { user: 'User@example.com' }],
    ['by a name that only looks the same', { user: 'user@example.com ' }],
    ['by a name with an invisible letter', { user: 'user@example.com\u200b' }],
    ['by a group of the caller', { user: 'team-a' }],
    ['by null', { user: null }],
    ['by false', { user: false }],
    ['by a number', { user: 0 }],
    ['by a list that prints as the name', { user: ['user@example.com'] }],
    ['by an object that prints as the name', { user: { toString: 'user@example.com' } }],
    ['by a namespace that is not a string', { namespace: { name: 'n' } }],
    ['by a member in another case, as Go reads it', { User: 'admin@example.com' }],
    ['by a member that is not known here', { namespace: 'n', owner: 'admin@example.com' }],
  ])('%s', (_how, body) => {
    expect(checkWorkgroupCreate(body, caller).kind).toBe('foreign');
  });

  it.each([{ namespace: 'n' }, {}])('by a service account, which is nobody: %j', (body) => {
    const account = { userId: 'system:serviceaccount:team-a:default-editor', groups: [] };
    expect(checkWorkgroupCreate(body, account).kind).toBe('foreign');
  });

  it('which only those may do who may create Profiles', () => {
    const found = checkWorkgroupCreate({ user: 'admin@example.com' }, caller);
    const questions = found.kind === 'foreign' ? found.questions.map(questionText) : [];
    expect(questions).toEqual(['create profiles.kubeflow.org in the whole cluster']);
  });
});
