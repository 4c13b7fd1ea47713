// Owns what of the gateway's configuration makes the catalogue.
import { fileURLToPath } from 'node:url';
import {
  loadCatalogue,
  readCatalogueFiles,
  type CatalogueFiles,
  type LoadCatalogue,
} from './catalogue-file.ts';
import type { CatalogueOptions } from './compile-catalogue.ts';

/** The part of a configuration that the catalogue depends on. */
export interface CatalogueConfig {
  readonly access: Pick<CatalogueOptions, 'openVerb' | 'unmatched'> & {
    readonly routesFile?: string | undefined;
    readonly extraRoutesFile?: string | undefined;
  };
  readonly inferenceHosts: readonly string[];
  readonly publicOrigins: readonly string[];
}

/** Of the repository and of the image alike: beside `src` or `dist`. */
const SHIPPED_ROUTES = fileURLToPath(
  new URL('../../../config/kubeflow-routes.yaml', import.meta.url),
);

export function catalogueOptions({
  access: { openVerb, unmatched, routesFile = SHIPPED_ROUTES, extraRoutesFile },
  inferenceHosts,
  publicOrigins,
}: CatalogueConfig): CatalogueOptions & { readonly files: CatalogueFiles } {
  const ownHosts = publicOrigins.map((origin) => new URL(origin).hostname);
  const files = { routes: routesFile, extraRoutes: extraRoutesFile };
  return { openVerb, unmatched, inferenceHosts, ownHosts, files };
}

/** Reads the files that it names; one that cannot be read is one of the problems. */
export function configuredCatalogue(config: CatalogueConfig): LoadCatalogue {
  const { files, ...options } = catalogueOptions(config);
  return loadCatalogue(readCatalogueFiles(files), options);
}
