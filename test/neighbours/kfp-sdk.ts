// Owns calling the SDK of Kubeflow Pipelines, unmodified, as a person's program does.
import { join } from 'node:path';
import { z } from 'zod';
import { ensureInstalled } from './catalogue.ts';
import { runProgram } from './run-program.ts';
import { makeScratchDirectory, removeScratchDirectory } from './scratch-directory.ts';

const PROGRAM = join(import.meta.dirname, 'kfp-calls.py');
/** Importing it alone takes some seconds. */
const WITHIN_MS = 90_000;

/** How the SDK comes by a token. */
export type KfpCredentials =
  | { readonly kind: 'existing_token'; readonly token: string }
  /**
   * ServiceAccountTokenVolumeCredentials; without `path` it looks into KF_PIPELINES_SA_TOKEN_PATH, as
   * Kubeflow's PodDefault sets it.
   */
  | { readonly kind: 'volume'; readonly path?: string };

export interface KfpOrder {
  /** Where Pipelines is: `http://127.0.0.1:PORT/pipeline`. */
  readonly host: string;
  readonly credentials: KfpCredentials;
  /**
   * The namespace of the client. Without one it asks for Pipelines' health first, five times in 25 s before
   * it says that it was refused.
   */
  readonly namespace?: string;
  /** Methods of `kfp.Client` and their arguments; `run_greeting` runs a small pipeline. */
  readonly calls: readonly (readonly [
    method: string,
    parameters: Readonly<Record<string, unknown>>,
  ])[];
  readonly env?: Readonly<Record<string, string>>;
}

const raised = z.object({
  type: z.string(),
  status: z.number().nullable(),
  reason: z.string().nullable(),
  body: z.string().nullable(),
  /** What a person sees. */
  text: z.string(),
});
const outcomes = z.array(
  z.union([z.object({ result: z.unknown() }), z.object({ raised })]).transform((outcome) => ({
    result: 'result' in outcome ? outcome.result : undefined,
    raised: 'raised' in outcome ? outcome.raised : undefined,
  })),
);

/** What a call returned, or the exception that it raised. */
export type KfpOutcome = z.infer<typeof outcomes>[number];

/** Makes the calls one after the other in one program. Rejects when that fails before the first one. */
export async function callKfp({ env = {}, ...order }: KfpOrder): Promise<readonly KfpOutcome[]> {
  const python = await ensureInstalled('kfp-2.17.0');
  // It keeps settings in the home directory, and would find a developer's own ones there.
  const home = await makeScratchDirectory('kfp');
  try {
    const output = await runProgram(python, [PROGRAM], {
      cwd: home,
      env: { PATH: process.env['PATH'], HOME: home, ...env },
      input: JSON.stringify(order),
      withinMs: WITHIN_MS,
    });
    return outcomes.parse(JSON.parse(output));
  } finally {
    await removeScratchDirectory(home);
  }
}
