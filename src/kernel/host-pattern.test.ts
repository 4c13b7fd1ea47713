import { describe, expect, it } from 'vitest';
import { isHostPattern } from './host-pattern.ts';

describe('a host pattern', () => {
  it.each([
    'models.example.com',
    '*.models.example.com',
    'localhost',
    '{name}.{namespace}.example.com',
    '{name}-{namespace}.example.com',
    '{name}-predictor.{namespace}.example.com',
    'models.{namespace}.example.com',
    'x-{namespace}-y.example.com',
  ])('can be %s', (text) => {
    expect(isHostPattern(text)).toBe(true);
  });

  it.each([
    '',
    '*',
    '*.',
    'models.example.com.',
    '.example.com',
    '-a.example.com',
    'a..example.com',
    'a-.example.com',
    'a.-b.com',
    'MODELS.example.com',
    'models.example.com:8080',
    'models.*.example.com',
    '{name}.example.com',
    '{name}{namespace}.example.com',
    '{namespace}.{namespace}.example.com',
    '{name}.{name}.{namespace}.example.com',
    '*.{namespace}.example.com',
    '{ns}.example.com',
    'models.example.com\n',
  ])('cannot be %j', (text) => {
    expect(isHostPattern(text)).toBe(false);
  });
});
