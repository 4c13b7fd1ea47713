// What Envoy is told to set and to take away.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainHygiene, questionFor, routeThat, rulesThat } from '../../test/fixtures/questions.ts';
import { ScriptedSessions } from '../../test/fixtures/scripted-sessions.ts';
import { decide, type Permit, type Public } from '../decide.ts';
import { CheckAnswers } from './check-answer.ts';

function permissionFor(demand: 'authenticated' | 'public', groups = ''): Permit | Public {
  const sessions = new ScriptedSessions();
  sessions.begin('mine', 'user@example.com', groups);
  const authentication = sessions.authenticate('mine');
  if (authentication instanceof Promise) throw new Error('not cached');
  const match = { kind: 'route', route: routeThat({ kind: demand }) } as const;
  const rules = rulesThat({ kind: 'allowed', grant: { binding: undefined } });
  const outcome = decide({ ...questionFor('/app'), match }, authentication, rules);
  if (outcome.kind !== 'permit' && outcome.kind !== 'public') throw new Error(outcome.kind);
  return outcome;
}

const answersWith = (identity: 'token' | 'header', managedHeaders: readonly string[] = []) =>
  new CheckAnswers({ identity, managedHeaders }, plainHygiene);

describe("a check's answer", () => {
  it('has every managed header in exactly one list, and no empty value', () => {
    const cookies = fc.constantFrom(undefined, 'kfgw=mine', 'a=1', 'a=1; kfgw=mine', '');
    const sent = fc.subarray(['kubeflow-userid', 'kubeflow-groups', 'x-kfgw-assertion']);
    fc.assert(
      fc.property(
        fc.constantFrom('token' as const, 'header' as const),
        fc.constantFrom(permissionFor('public'), permissionFor('authenticated', 'team-a')),
        cookies,
        sent,
        (identity, permission, cookie, names) => {
          const headers = [
            ...(cookie === undefined ? [] : ['Cookie', cookie]),
            ...names.flatMap((name) => [name, 'forged']),
          ];
          const question = questionFor('/app', headers);
          const { set, remove } = answersWith(identity).forApplication(question, permission);
          const setNames = set.map(([name]) => name);
          expect(remove.filter((name) => setNames.includes(name))).toEqual([]);
          expect(set.filter(([, value]) => value === '')).toEqual([]);
          const told = [...setNames, ...remove];
          for (const name of ['kubeflow-userid', 'kubeflow-groups', 'x-kfgw-assertion'])
            expect(told.filter((one) => one === name)).toEqual([name]);
          expect(set.flat()).not.toContain('forged');
        },
      ),
    );
  });

  it('takes groups away from whoever has none', () => {
    const answer = answersWith('header').forApplication(
      questionFor('/app'),
      permissionFor('authenticated'),
    );
    expect(answer.set).toEqual([['kubeflow-userid', 'user@example.com']]);
    expect(answer.remove).toContain('kubeflow-groups');
  });

  it("takes Kubeflow's own headers away under whatever names the identity is sent", () => {
    const answers = answersWith('token', ['x-user', 'x-remote-*']);
    const { remove } = answers.forApplication(questionFor('/app'), permissionFor('authenticated'));
    expect(remove).toEqual(
      expect.arrayContaining(['x-user', 'x_user', 'kubeflow-userid', 'kubeflow_userid']),
    );
    expect(remove.filter((name) => name.includes('*'))).toEqual([]);
  });

  it('names what was sent under a managed prefix', () => {
    const question = questionFor('/app', ['X-Kfgw-Other', 'forged']);
    const { remove } = answersWith('token').forApplication(question, permissionFor('public'));
    expect(remove).toContain('x-kfgw-other');
  });
});
