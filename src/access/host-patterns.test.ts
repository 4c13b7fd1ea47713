import { describe, expect, it } from 'vitest';
import { hostMatcher } from './host-patterns.ts';

const matches = hostMatcher(['models.example.com', '*.inference.example.com']);

describe('host patterns', () => {
  it.each([
    'models.example.com',
    'MODELS.example.com',
    'models.example.com:8443',
    'models.example.com.',
    'iris.team-a.inference.example.com',
  ])('mean %s', (host) => {
    expect(matches(host)).toBe(true);
  });

  it.each([
    'example.com',
    'xmodels.example.com',
    'models.example.com.evil.example',
    'inference.example.com',
    'xinference.example.com',
    '[::1]:8080',
  ])('do not mean %s', (host) => {
    expect(matches(host)).toBe(false);
  });

  it('mean nothing when there are none', () => {
    expect(hostMatcher([])('models.example.com')).toBe(false);
  });
});
