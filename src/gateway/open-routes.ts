// Owns where the route catalogue comes from: the shipped file or the operator's, and his further rows.
import { readFileSync } from 'node:fs';
import { compileCatalogue } from '../access/catalogue/compile-catalogue.ts';
import { readCatalogue } from '../access/catalogue/read-catalogue.ts';
import type { RouteMatcher } from '../access/catalogue/route-matcher.ts';
import type { Config } from '../config/schema.ts';
import type { Cancel } from '../kernel/clock.ts';
import type { GatewayParts } from './gateway-parts.ts';

export interface OpenedRoutes {
  readonly matcher: RouteMatcher;
  onChange(listener: () => void): Cancel;
  reload(): void;
  close(): void;
}

const SHIPPED = new URL('../../config/kubeflow-routes.yaml', import.meta.url);

export function openRoutes(config: Config, _parts: GatewayParts): OpenedRoutes {
  const files = [config.access.extraRoutesFile, config.access.routesFile ?? SHIPPED];
  const layers = files.flatMap((file) => {
    if (file === undefined) return [];
    const read = readCatalogue(readFileSync(file, 'utf8'));
    if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems));
    return [read.rows];
  });
  const matcher = compileCatalogue(layers, {
    ...config.access,
    inferenceHosts: config.inferenceHosts,
  });
  return {
    matcher,
    onChange: () => () => undefined,
    reload: () => undefined,
    close: () => undefined,
  };
}
