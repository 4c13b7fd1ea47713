import { describe, expect, it } from 'vitest';
import { accessDetail } from './access-detail.ts';
import { enoughRole } from './enough-role.ts';
import type { ResourceQuestion } from './rbac/access-question.ts';

/** `get pods/log`, `create notebooks.kubeflow.org`: verb, resource, subresource and group. */
function ask(text: string, namespace = 'team-a'): ResourceQuestion {
  const [verb = '', type = ''] = text.split(' ');
  const [path = '', ...group] = type.split('.');
  const [resource = '', subresource = ''] = path.split('/');
  return { action: { verb, group: group.join('.'), resource, subresource }, namespace, name: '' };
}

describe('the role that is enough', () => {
  it.each([
    ['get notebooks.kubeflow.org', 'viewer'],
    ['list persistentvolumeclaims', 'viewer'],
    ['get pods/log', 'viewer'],
    ['readArtifact runs.pipelines.kubeflow.org', 'viewer'],
    ['create viewers.kubeflow.org', 'viewer'],
    ['create visualizations.pipelines.kubeflow.org', 'viewer'],
    ['create notebooks.kubeflow.org', 'contributor'],
    ['delete experiments.kubeflow.org', 'contributor'],
    ['terminate runs.pipelines.kubeflow.org', 'contributor'],
    ['get secrets', 'contributor'],
    ['get pods/exec', 'contributor'],
    ['list rolebindings.rbac.authorization.k8s.io', 'owner'],
    ['create rolebindings.rbac.authorization.k8s.io', 'owner'],
    ['create localsubjectaccessreviews.authorization.k8s.io', 'owner'],
  ])('for %s is %s', (text, role) => {
    expect(enoughRole(ask(text))).toBe(role);
  });

  it('for the whole cluster is no role of a namespace', () => {
    expect(enoughRole(ask('list namespaces', ''))).toBe('administrator');
  });
});

describe('what a person is told', () => {
  it('is the namespace, the question in Kubernetes’ words and the role', () => {
    expect(accessDetail({ ...ask('get notebooks.kubeflow.org'), name: 'lab' })).toEqual({
      namespace: 'team-a',
      question: 'get notebooks.kubeflow.org/lab in namespace team-a',
      enoughRole: 'viewer',
    });
  });

  it('names no namespace where the whole cluster was asked about', () => {
    expect(accessDetail(ask('list profiles.kubeflow.org', ''))).toEqual({
      namespace: undefined,
      question: 'list profiles.kubeflow.org in the whole cluster',
      enoughRole: 'administrator',
    });
  });
});
