// The program as the container image runs it: the compiled sources, with the flags of its entry point.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Made by `npm run build`, as the image's first stage does. */
export const PROGRAM = join(ROOT, 'dist/main.js');

/** Flags of Node that the image's ENTRYPOINT names. */
export const NODE_FLAGS: readonly string[] = readFlags();

function readFlags(): string[] {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1];
  if (entryPoint === undefined) throw new Error('the Dockerfile has no ENTRYPOINT');
  return (JSON.parse(entryPoint) as string[]).filter((word) => word.startsWith('--'));
}
