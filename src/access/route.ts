// Owns Route: what a matched route asks of the caller. The catalogue of Kubeflow's routes will make these.

export interface Route {
  /** Stable name for logs and metrics. */
  readonly id: string;
  readonly access: 'authenticated' | 'public';
  /** What programs call is never redirected to a login. */
  readonly neverRedirect: boolean;
}
