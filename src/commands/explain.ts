// Owns `explain`: what becomes of a request of somebody and why, or where somebody may do what.
import { configuredCatalogue } from '../access/catalogue/configured-catalogue.ts';
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import { explainAsked } from '../access/explain/explain-asked.ts';
import { explanationText } from '../access/explain/explanation-text.ts';
import type { Decision } from '../access/explain/request-explanation.ts';
import { listNamespaces } from '../access/namespaces-of.ts';
import type { RbacIndex } from '../access/rbac/rbac-index.ts';
import { parseConfig } from '../config/parse-config.ts';
import type { Config } from '../config/schema.ts';
import { access } from '../config/sections/access.ts';
import { limits } from '../config/sections/forwarding.ts';
import { Misconfigured } from '../kernel/misconfigured.ts';
import { compileHygiene } from '../request/hygiene.ts';
import { ownCookies } from '../request/own-cookies.ts';
import { readArguments, requiredValue } from './arguments.ts';
import { UsageError, type Command, type CommandContext, type ExitStatus } from './command.ts';
import { problemsText, readConfigText } from './config-file.ts';
import { loadPolicy, NoPolicy, type PolicyPlace } from './explain-policy.ts';

const help = `Usage: kubeflow-auth-gateway explain SOURCE --user USER [--group GROUP]... --url URL [--method M]
       kubeflow-auth-gateway explain SOURCE --user USER [--group GROUP]... --namespaces

Says what becomes of a request: its row of the route catalogue, the namespace, what is asked of
Kubernetes RBAC, and the binding, role and rule that allow it, or what came nearest. Or lists the
namespaces in which somebody has a role. Asks no running gateway and changes nothing.

SOURCE is where roles and bindings are, one of:
  --config FILE       the gateway's configuration, whose catalogue and access options count too
  --manifests DIR     a directory of YAML manifests
  --kubeconfig FILE   the API server of the file's current context, read once
Without --config it goes by the shipped catalogue and the defaults. With --config and one of the
others, such as on a laptop, it goes by the configuration, and by the roles and bindings of the other.

Options:
  --user USER     the user as Kubernetes knows them, claims.userPrefix included; service accounts
                  are system:serviceaccount:NAMESPACE:NAME
  --group GROUP   a group of the user, likewise; system:authenticated is added
  --url URL       a path or an absolute URL; ws:// and wss:// are WebSockets
  --method M      the method (default GET)
  --namespaces    list namespaces instead: owner, contributor and viewer are whoever may create
                  rolebindings, create notebooks, get or list notebooks there
  --json          print JSON
  --help          this text

Exit status: 0 it is allowed, or listed, or the body decides; 1 there are no roles and bindings to
go by; 2 the request is refused as ambiguous, or the call is wrong; 3 it is denied.`;

async function run(context: CommandContext): Promise<ExitStatus> {
  const given = readArguments(context.args, {
    values: ['config', 'manifests', 'kubeconfig', 'user', 'url', 'method'],
    lists: ['group'],
    flags: ['namespaces', 'json'],
  });
  const question = questionIn(given);
  try {
    const setting = settingIn(given, context);
    const rbac = await loadPolicy(setting.place, context);
    return question.kind === 'namespaces'
      ? await tellNamespaces(question, rbac, context)
      : explainOne(question, rbac, setting, context);
  } catch (error) {
    if (error instanceof Misconfigured) throw new UsageError(error.message);
    if (!(error instanceof NoPolicy)) throw error;
    context.terminal.complain(`No roles and bindings to go by:\n${error.message}`);
    return 1;
  }
}

type Given = ReturnType<typeof readArguments>;

interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
  readonly isJson: boolean;
}

type Asked =
  | (Caller & { readonly kind: 'namespaces' })
  | (Caller & { readonly kind: 'request'; readonly method: string; readonly url: string });

function questionIn(given: Given): Asked {
  const user = requiredValue(given, 'user', 'USER');
  const caller = { user, groups: given.lists['group'] ?? [], isJson: given.flags.has('json') };
  const { url, method = 'GET' } = given.values;
  if (!given.flags.has('namespaces'))
    return { kind: 'request', ...caller, method, url: requiredValue(given, 'url', 'URL') };
  if (url !== undefined) throw new UsageError('say either --url or --namespaces');
  return { kind: 'namespaces', ...caller };
}

/** Where roles and bindings are, and the options that the decision depends on. */
interface Setting {
  readonly place: PolicyPlace;
  readonly options: Pick<Config, 'access' | 'inferenceHosts' | 'publicOrigins' | 'limits'>;
}

const oneSource =
  'say one of --config FILE, --manifests DIR and --kubeconfig FILE, or --config and one of the others';

function settingIn({ values }: Given, { env }: CommandContext): Setting {
  const { config, manifests, kubeconfig } = values;
  const place = placeNamed(manifests, kubeconfig);
  const configured = config === undefined ? undefined : readConfig(config, env);
  if (place !== undefined) return { place, options: configured ?? defaults() };
  if (configured === undefined) throw new UsageError(oneSource);
  return { place: placeOf(configured, env), options: configured };
}

function placeNamed(
  manifests: string | undefined,
  kubeconfig: string | undefined,
): PolicyPlace | undefined {
  if (manifests !== undefined && kubeconfig !== undefined) throw new UsageError(oneSource);
  if (manifests !== undefined) return { kind: 'manifests', directory: manifests };
  if (kubeconfig !== undefined)
    return { kind: 'kubernetes', address: { kubeconfigFile: kubeconfig } };
  return undefined;
}

/** Without a configuration it is not known which hosts are the gateway's. */
function defaults(): Setting['options'] {
  const own = { access: access.parse({}), limits: limits.parse({}) };
  return { ...own, inferenceHosts: [], publicOrigins: [] };
}

/** The files and secrets that it names are not looked at: they may be where the gateway runs only. */
function readConfig(path: string, env: CommandContext['env']): Config {
  const { config, problems } = parseConfig({ yamlText: readConfigText(path), env });
  if (config === undefined) throw new UsageError(problemsText(path, problems));
  return config;
}

function placeOf({ rbac }: Config, env: CommandContext['env']): PolicyPlace {
  const { manifestsDirectory, kubeconfigFile } = rbac;
  if (rbac.source === 'manifests') {
    if (manifestsDirectory === undefined)
      throw new UsageError('rbac.manifestsDirectory is missing');
    return { kind: 'manifests', directory: manifestsDirectory };
  }
  const serviceHost = env['KUBERNETES_SERVICE_HOST'];
  const servicePort = env['KUBERNETES_SERVICE_PORT'];
  return { kind: 'kubernetes', address: { kubeconfigFile, serviceHost, servicePort } };
}

function routesOf(options: Setting['options']): RouteMatcher {
  const loaded = configuredCatalogue(options);
  if (loaded.kind === 'loaded') return loaded.matcher;
  throw new UsageError(`the route catalogue cannot be used:\n  ${loaded.problems.join('\n  ')}`);
}

/** Of URLs that are a path alone. */
function hostOf({ publicOrigins: [origin] }: Setting['options']): string {
  return origin === undefined ? 'localhost' : new URL(origin).host;
}

const statusOf: Readonly<Record<Decision, ExitStatus>> = {
  allowed: 0,
  depends: 0,
  denied: 3,
  refused: 2,
  unavailable: 1,
};

function explainOne(
  asked: Extract<Asked, { kind: 'request' }>,
  rbac: RbacIndex,
  { options }: Setting,
  { terminal, random }: CommandContext,
): ExitStatus {
  const explanation = explainAsked(asked, {
    matcher: routesOf(options),
    rbac,
    // It has just been read.
    policy: { state: () => ({ kind: 'current' }) },
    mode: options.access.mode,
    hygiene: compileHygiene({
      limits: options.limits,
      ownCookies: ownCookies(true),
      publicOrigins: [],
      managedHeaders: [],
      trustedProxies: [],
    }),
    random,
    host: hostOf(options),
  });
  terminal.print(asked.isJson ? json(explanation) : explanationText(explanation));
  return statusOf[explanation.decision];
}

async function tellNamespaces(
  { user, groups, isJson }: Caller,
  rbac: RbacIndex,
  { terminal }: CommandContext,
): Promise<ExitStatus> {
  const subjects = rbac.subjectsOf({ userId: user, groups });
  const { namespaces } = await listNamespaces(rbac, subjects, Number.POSITIVE_INFINITY);
  if (isJson) {
    terminal.print(json({ user, groups, namespaces }));
    return 0;
  }
  const width = Math.max(0, ...namespaces.map(({ namespace }) => namespace.length));
  const lines = namespaces.map(({ namespace, role }) => `${namespace.padEnd(width)}  ${role}`);
  terminal.print(lines.length === 0 ? `${user} has a role in no namespace.` : lines.join('\n'));
  return 0;
}

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

export const explain: Command = { help, run };
