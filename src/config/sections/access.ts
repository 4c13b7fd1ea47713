// Owns the options of who may do what: the route catalogue and the RBAC index.
import { choice, count, directory, duration, file, flag, section, text } from '../leaf.ts';

export const access = section({
  mode: choice(['enforce', 'shadow'], {
    about:
      'Whether namespace rules are enforced: shadow forwards what the namespace rules would refuse, and reports it. Sign-in, request hygiene and identity headers stay enforced.',
  }).default('enforce'),
  unmatched: choice(['authenticated', 'deny'], {
    about:
      'What a path that no row of the catalogue names asks of the caller, at the hosts of publicOrigins. At other hosts it is closed, unless inferenceHosts or a row names the host.',
  }).default('authenticated'),
  routesFile: file({
    about: 'Route catalogue (YAML) to use instead of the shipped config/kubeflow-routes.yaml.',
  }).optional(),
  extraRoutesFile: file({
    about: 'Further rows (YAML), looked at before those of the catalogue.',
  }).optional(),
  openVerb: choice(['get', 'update', 'patch', 'create', 'delete'], {
    about:
      'Verb on the object that opening its shell or editor asks for (notebooks, tensorboards, PVC viewers, workspaces). With get a viewer may open a notebook, whose shell acts as default-editor.',
  }).default('get'),
  uninspected: choice(['refuse', 'allow'], {
    about:
      'What becomes of POST /api/workgroup/create where its body cannot be read (ext_authz). allow lets anybody who is signed in make a namespace for anybody; the registration flow of the dashboard needs it there.',
  }).default('refuse'),
}).prefault({});

const canary = section({
  enabled: flag({
    about:
      'Proves freshness by changing an annotation on one own RoleBinding; needs patch on that object.',
  }).default(false),
  namespace: text({ about: 'Namespace of the RoleBinding.' }).prefault('kubeflow-auth-gateway'),
  name: text({ about: 'Name of the RoleBinding, which must exist and bind nobody.' }).prefault(
    'kubeflow-auth-gateway-canary',
  ),
  every: duration({ about: 'Time between two changes.', min: '1s', max: '1m' }).prefault('5s'),
  staleAfter: duration({
    about: 'Time without seeing an own change after which RoleBindings count as stale.',
    min: '5s',
    max: '5m',
  }).prefault('15s'),
})
  .transform(({ every, staleAfter, ...rest }) => ({
    ...rest,
    everyMs: every,
    staleAfterMs: staleAfter,
  }))
  .prefault({});

const review = section({
  sampleOneIn: count({
    about:
      'Of so many decisions one is asked again as a SubjectAccessReview, off the request path; 0 asks none.',
    min: 0,
    max: 1_000_000_000,
  }).default(10_000),
  perSecond: count({
    about: 'Most reviews per second and replica.',
    min: 1,
    max: 1000,
  }).default(5),
}).prefault({});

export const rbac = section({
  source: choice(['kubernetes', 'manifests'], {
    about: 'Where roles and bindings come from: the API server, or a directory of YAML manifests.',
  }).default('kubernetes'),
  kubeconfigFile: file({
    about: "Kubeconfig to use instead of the pod's own service account.",
  }).optional(),
  manifestsDirectory: directory({
    about: 'Directory of YAML manifests, watched; for source: manifests.',
  }).optional(),
  staleAfter: duration({
    about:
      'Time without an event, a bookmark or a reopened watch of a type after which that type counts as stale. A watch that is silent is asked for again 15s before that.',
    min: '75s',
    max: '10m',
  }).prefault('90s'),
  degradedFor: duration({
    about: 'How long the last state is served once it is stale; then decisions fail closed.',
    min: '0s',
    max: '1d',
  }).prefault('5m'),
  canary,
  review,
})
  .transform(({ staleAfter, degradedFor, ...rest }) => ({
    ...rest,
    staleAfterMs: staleAfter,
    degradedForMs: degradedFor,
  }))
  .prefault({});
