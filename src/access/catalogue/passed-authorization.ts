// Owns the rule which applications never see the caller's Authorization header, whatever a row says.
import type { CatalogueProblem } from './read-catalogue.ts';
import { patternsOverlap } from './path-pattern.ts';
import type { RouteRow } from './route-row.ts';

/**
 * Kubeflow's AuthorizationPolicies for Pipelines (`ml-pipeline`, `ml-pipeline-ui`) and for the model registry
 * (`model-registry-service`) let in any source whose request has no `kubeflow-userid`, because an Authorization
 * header stands in its place: callers inside the cluster (kubeflow/manifests, authorization-policy.yaml). What comes
 * through the gateway is never that kind of caller.
 */
const TELL_CALLERS_BY_AUTHORIZATION: ReadonlySet<string> = new Set(['pipelines', 'registry']);

/** Whether requests of this class must not carry Authorization to their application. */
export function tellsCallersByAuthorization(routeClass: string): boolean {
  return TELL_CALLERS_BY_AUTHORIZATION.has(routeClass);
}

/**
 * Rows that pass Authorization on to such an application: by their own class, or because they take
 * requests from its rows in a later layer. Layers are in the order in which they are tried.
 */
export function passedAuthorization(
  layers: readonly (readonly RouteRow[])[],
): readonly CatalogueProblem[] {
  return layers.flatMap((rows, at) => {
    const later = layers.slice(at + 1).flat();
    return rows
      .filter((row) => row.passAuthorization)
      .flatMap((row) => {
        const reader = [row, ...later].find(
          (other) => tellsCallersByAuthorization(other.class) && overlap(row, other),
        );
        return reader === undefined ? [] : [problem(row, reader)];
      });
  });
}

function overlap(row: RouteRow, other: RouteRow): boolean {
  return (
    row === other ||
    row.paths.some((path) => other.paths.some((taken) => patternsOverlap(path, taken)))
  );
}

function problem(row: RouteRow, reader: RouteRow): CatalogueProblem {
  const what = `passes Authorization on to ${reader.class}, which tells callers inside the cluster by it`;
  const from = row === reader ? '' : ` (takes requests from ${reader.id})`;
  return { ...row.place, row: row.id, message: `${what}${from}` };
}
