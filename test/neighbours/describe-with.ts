// Owns what a test does when a real neighbour that it needs is missing.
import { describe, it } from 'vitest';
import { missingNeighbours, type NeighbourName } from './catalogue.ts';
import { report } from './progress.ts';

/** What becomes of a suite: it runs, it fails because this is CI, or it is skipped with a reason. */
export type SuiteFate =
  { readonly kind: 'run' } | { readonly kind: 'fail' | 'skip'; readonly reason: string };

/** A missing neighbour is an error in CI and a skipped suite on a developer's machine. */
export function suiteFate(missing: readonly NeighbourName[], isCi: boolean): SuiteFate {
  if (missing.length === 0) return { kind: 'run' };
  const reason = `missing: ${missing.join(', ')}; get them by node test/neighbours/install.ts`;
  return { kind: isCi ? 'fail' : 'skip', reason };
}

/** vitest's describe for a suite that needs real neighbours. */
export function describeWith(
  names: readonly NeighbourName[],
  title: string,
  define: () => void,
): void {
  const fate = suiteFate(missingNeighbours(names), process.env['CI'] === 'true');
  if (fate.kind === 'run') {
    describe(title, define);
  } else if (fate.kind === 'skip') {
    report(`skipped: ${title} (${fate.reason})`);
    describe.skip(title, define);
  } else {
    describe(title, () => {
      it('has its neighbours', () => {
        throw new Error(fate.reason);
      });
    });
  }
}
