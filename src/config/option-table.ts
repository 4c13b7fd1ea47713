// Owns the table of all options as documentation, environment and messages need it, read from the schema.
import { z } from 'zod';
import { environmentName } from './environment-name.ts';
import { configSchema } from './schema.ts';

export interface Option {
  /** `oidc.issuer`; `upstreams[].prefix` for what stands in a list. */
  readonly path: string;
  /** Undefined for what stands in a list: the list is given as a whole. */
  readonly environment: string | undefined;
  /** Kind of value for people: `duration, 1s to 1h`, `URL`, `a | b`, `list of URL`; `section` for a mapping. */
  readonly kind: string;
  /** How an environment variable is read: as it stands, or as JSON. */
  readonly isText: boolean;
  readonly isRequired: boolean;
  /** As written in YAML; undefined when there is none. */
  readonly defaultValue: unknown;
  readonly about: string;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Every option and section, in the order of the schema. */
export const optionTable: readonly Option[] = optionsOf(
  z.toJSONSchema(configSchema, { io: 'input' }),
  '',
);

/** `isCertain` says whether the mapping around these options is there in every configuration. */
function optionsOf(schema: JsonSchema, parent: string, isCertain = true): Option[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = parent === '' ? name : `${parent}.${name}`;
    const option = typeof property === 'boolean' ? {} : property;
    const isRequired = schema.required?.includes(name) ?? false;
    const isThere = isRequired || option.default !== undefined;
    return [
      optionOf(option, path, isCertain && isRequired),
      ...optionsOf(option, path, isCertain && isThere),
      ...optionsOf(elementOf(option), `${path}[]`),
    ];
  });
}

function elementOf({ items }: JsonSchema): JsonSchema {
  return items === undefined || typeof items === 'boolean' || Array.isArray(items) ? {} : items;
}

function optionOf(schema: JsonSchema, path: string, isRequired: boolean): Option {
  return {
    path,
    environment: path.includes('[]') ? undefined : environmentName(path),
    kind: kindOf(schema),
    isText: schema.type === 'string',
    isRequired,
    defaultValue: schema.default,
    about: schema.description ?? '',
  };
}

function kindOf(schema: JsonSchema): string {
  if (schema.type === 'array')
    return `list of ${elementOf(schema).type === 'object' ? 'mappings' : kindOf(elementOf(schema))}`;
  const kind = schema.enum?.join(' | ') ?? schema['x-type'];
  return typeof kind === 'string' ? kind : 'section';
}

/** Names of the options directly below a path such as `['upstreams', 0]`. */
export function optionNames(path: readonly PropertyKey[]): string[] {
  const parent = path
    .map((part) => (typeof part === 'number' ? '[]' : `.${String(part)}`))
    .join('');
  return optionTable
    .map((option) => `.${option.path}`)
    .filter((option) => option.startsWith(`${parent}.`))
    .map((option) => option.slice(parent.length + 1))
    .filter((rest) => !rest.includes('.') && !rest.includes('[]'));
}
