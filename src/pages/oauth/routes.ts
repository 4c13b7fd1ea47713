// Owns the routes by which a command line signs in: OAuth 2.0 for one public client.
import type { Express } from 'express';
import type { PageContext } from '../page-dependencies.ts';

export function routeOAuth(_app: Express, _context: PageContext): void {}
