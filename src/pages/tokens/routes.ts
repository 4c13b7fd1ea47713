// Owns the routes of the tokens that people make: list, making, revoking.
import type { Express } from 'express';
import type { PageContext } from '../page-dependencies.ts';

export function routeTokens(_app: Express, _context: PageContext): void {}
