// The SDK of Kubeflow Pipelines against something that speaks as Pipelines does.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startPipelinesApi } from '../fixtures/pipelines-api.ts';
import { describeWith } from './describe-with.ts';
import { callKfp } from './kfp-sdk.ts';
import { makeScratchDirectory, removeScratchDirectory } from './scratch-directory.ts';

const listRuns = ['list_runs', { namespace: 'team-a' }] as const;

describeWith(['kfp-2.17.0'], 'the SDK of Kubeflow Pipelines', () => {
  it('sends the token that it was given or that it finds in a file, and raises what it is answered', async () => {
    await using api = await startPipelinesApi(() => true);
    await using stack = new AsyncDisposableStack();
    const directory = await makeScratchDirectory('token');
    stack.defer(() => removeScratchDirectory(directory));
    const path = join(directory, 'token');
    await writeFile(path, 'from-a-file\n');

    const host = `http://127.0.0.1:${api.port}/pipeline`;
    const calls = [listRuns];
    const given = { kind: 'existing_token', token: 'given' } as const;
    const [direct] = await callKfp({ host, credentials: given, calls });
    await callKfp({ host, credentials: { kind: 'volume', path }, calls });
    const env = { KF_PIPELINES_SA_TOKEN_PATH: path };
    await callKfp({ host, credentials: { kind: 'volume' }, calls, env });

    expect(direct?.raised).toMatchObject({ type: 'ApiException', status: 401 });
    const lists = api.callers.filter(({ request }) => request.endsWith('/runs'));
    expect(lists.map(({ authorizations }) => authorizations)).toEqual([
      ['Bearer given'],
      ['Bearer from-a-file'],
      ['Bearer from-a-file'],
    ]);
  });
});
