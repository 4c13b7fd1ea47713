import { describe, expect, it } from 'vitest';
import { parseAsk } from './ask-line.ts';

describe('a question in a row', () => {
  it.each([
    ['list pods', ['list', '', 'pods', ''], { kind: 'none' }],
    ['get pods/log {pod}', ['get', '', 'pods', 'log'], { kind: 'placeholder', name: 'pod' }],
    [
      'get notebooks.kubeflow.org lab',
      ['get', 'kubeflow.org', 'notebooks', ''],
      { kind: 'fixed', name: 'lab' },
    ],
    [
      'get deployments/scale.apps {?name}',
      ['get', 'apps', 'deployments', 'scale'],
      { kind: 'query', parameter: 'name' },
    ],
    [
      'readArtifact runs.pipelines.kubeflow.org',
      ['readArtifact', 'pipelines.kubeflow.org', 'runs', ''],
      { kind: 'none' },
    ],
    ['* *', ['*', '', '*', ''], { kind: 'none' }],
  ])('%s', (text, [verb, group, resource, subresource], name) => {
    expect(parseAsk(text)).toEqual({ text, action: { verb, group, resource, subresource }, name });
  });

  it.each([
    '',
    'list',
    'list  pods',
    ' list pods',
    'list pods ',
    'list Pods',
    'list pods.',
    'list pods./log',
    'get pods {pod} x',
    'get pods {}',
    'get pods {a-b}',
    'get pods Lab',
    'get pods {pod',
    '1st pods',
  ])('cannot be %j', (text) => {
    expect(parseAsk(text)).toBeUndefined();
  });
});
