// Owns the place outside the repository where built neighbours are kept.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `${XDG_CACHE_HOME:-~/.cache}/kubeflow-auth-gateway` (XDG Base Directory Specification). */
export const cacheDirectory = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'kubeflow-auth-gateway',
);
