// Owns starting JupyterLab as Kubeflow's notebook images start it: below a prefix, and without a sign-in of its own.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureInstalled } from './catalogue.ts';
import { freePort } from './free-port.ts';
import { NeighbourProcess, startInScratchDirectory } from './neighbour-process.ts';

const READY_WITHIN_MS = 60_000;

export interface JupyterLabOptions {
  /** What Kubeflow gives as NB_PREFIX: `/notebook/NAMESPACE/NAME`. */
  readonly prefix: string;
  /** Notebooks to be found there: cells of Python by file name, without `.ipynb`. */
  readonly notebooks?: Readonly<Record<string, readonly string[]>>;
}

/** A running JupyterLab. */
export interface JupyterLab extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT/notebook/NAMESPACE/NAME/` */
  readonly url: string;
  readonly process: NeighbourProcess;
  stop(): Promise<void>;
}

/** Starts JupyterLab on 127.0.0.1 and waits until its API answers. */
export async function startJupyterLab(options: JupyterLabOptions): Promise<JupyterLab> {
  const python = await ensureInstalled('jupyterlab-4.5.11');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${options.prefix}/`;
  return startInScratchDirectory('jupyterlab', async (directory) => {
    const files = join(directory, 'files');
    await mkdir(files);
    for (const [name, cells] of Object.entries(options.notebooks ?? {})) {
      await writeFile(join(files, `${name}.ipynb`), notebookFile(cells));
    }
    const process = await NeighbourProcess.start({
      name: `JupyterLab on ${port}`,
      command: python,
      args: ['-m', 'jupyterlab', ...flags(port, options.prefix, files)],
      directory,
      port,
      isReady: async () => (await fetch(`${url}api`)).ok,
      readyWithinMs: READY_WITHIN_MS,
    });
    const stop = () => process.stop();
    return { port, url, process, stop, [Symbol.asyncDispose]: stop };
  });
}

/** Those of the images (kubeflow/notebooks components/example-notebook-servers/jupyter). */
function flags(port: number, prefix: string, files: string): string[] {
  return [
    ...['--no-browser', '--allow-root', '--ip=127.0.0.1', `--port=${port}`],
    ...[`--notebook-dir=${files}`, `--ServerApp.base_url=${prefix}`],
    ...['--IdentityProvider.token=', '--PasswordIdentityProvider.hashed_password='],
    ...['--ServerApp.allow_origin=*', '--ServerApp.allow_remote_access=True'],
    ...['--ServerApp.port_retries=0', '--ServerApp.authenticate_prometheus=False'],
    // It would ask PyPI.
    '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
  ];
}

/** https://nbformat.readthedocs.io/en/latest/format_description.html */
function notebookFile(cells: readonly string[]): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
    },
    cells: cells.map((source, at) => ({
      ...{ cell_type: 'code', id: `cell-${at}`, metadata: {}, source },
      ...{ execution_count: null, outputs: [] },
    })),
  });
}
