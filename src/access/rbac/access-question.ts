// Owns what can be asked of RBAC, in Kubernetes' words.

/** A verb on a type of resource: what a role grants. Empty group: the core group. */
export interface ResourceAction {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Empty for the resource itself. */
  readonly subresource: string;
}

/** May somebody do this? An empty namespace asks for the whole cluster, an empty name for no single object. */
export interface ResourceQuestion {
  /** The index remembers per role and action: use the same object for every question about it. */
  readonly action: ResourceAction;
  readonly namespace: string;
  readonly name: string;
}

export interface UrlQuestion {
  readonly verb: string;
  readonly path: string;
}

/** The question as people read it: `get notebooks.kubeflow.org/lab in namespace team-a`. */
export function questionText({ action, namespace, name }: ResourceQuestion): string {
  const { verb, group, resource, subresource } = action;
  const type = `${resource}${subresource === '' ? '' : `/${subresource}`}`;
  const object = `${type}${group === '' ? '' : `.${group}`}${name === '' ? '' : `/${name}`}`;
  return `${verb} ${object} ${namespace === '' ? 'in the whole cluster' : `in namespace ${namespace}`}`;
}
