// Owns loading the route catalogue of a configuration for a command, as the gateway loads it.
import {
  loadCatalogue,
  readCatalogueFiles,
  type LoadCatalogue,
} from '../access/catalogue/catalogue-file.ts';
import type { Config } from '../config/schema.ts';

/** The part of a configuration that the catalogue depends on. */
export type CatalogueConfig = Pick<Config, 'access' | 'inferenceHosts' | 'publicOrigins'>;

const shippedRoutes = new URL('../../config/kubeflow-routes.yaml', import.meta.url);

/** Reads the files that it names; one that cannot be read is one of the problems. */
export function configuredCatalogue(config: CatalogueConfig): LoadCatalogue {
  const { inferenceHosts, publicOrigins } = config;
  const { openVerb, unmatched, routesFile = shippedRoutes, extraRoutesFile } = config.access;
  const texts = readCatalogueFiles({ routes: routesFile, extraRoutes: extraRoutesFile });
  const ownHosts = publicOrigins.map((origin) => new URL(origin).hostname);
  return loadCatalogue(texts, { openVerb, unmatched, inferenceHosts, ownHosts });
}
