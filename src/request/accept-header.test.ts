import { describe, expect, it } from 'vitest';
import { preferenceFor } from './accept-header.ts';

describe('preferenceFor', () => {
  it.each([
    ['text/html', 1],
    ['TEXT/HTML', 1],
    ['application/json, text/html;q=0.4', 0.4],
    ['text/html ; level=1 ; q=0.7', 0.7],
    ['text/html;Q=1.000', 1],
    ['text/html;q=0', 0],
    ['text/html;q=0, text/html;q=0.2', 0.2],
    ['text/html;q=0.2, text/html;q=0', 0.2],
    ['text/html;q=2', 0],
    ['text/html;q=', 0],
    ['text/html;q=0.1234', 0],
    ['*/*', 0],
    ['text/*', 0],
    ['text/htmlx', 0],
    ['', 0],
  ])('weighs text/html in %j as %d', (accept, weight) => {
    expect(preferenceFor(accept, 'text/html')).toBe(weight);
  });
});
