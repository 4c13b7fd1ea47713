import { describe, expect, it } from 'vitest';
import { requestIssuer } from './request-issuer.ts';

function issuer(scheme: 'http' | 'https', host: string, publicOrigins: readonly string[] = []) {
  return requestIssuer({ client: { address: '192.0.2.1', scheme, host } }, publicOrigins);
}

describe('the issuer identifier', () => {
  it('is the origin that was asked, in its one spelling', () => {
    expect(issuer('https', 'KF.example:443')).toBe('https://kf.example');
    expect(issuer('http', 'localhost:8080')).toBe('http://localhost:8080');
    expect(issuer('http', '[::1]:8080')).toBe('http://[::1]:8080');
  });

  it('is one of the public origins where there are some', () => {
    const origins = ['https://kf.example', 'https://kf.example:8443'];
    expect(issuer('https', 'kf.example', origins)).toBe('https://kf.example');
    expect(issuer('https', 'kf.example:8443', origins)).toBe('https://kf.example:8443');
    expect(issuer('https', 'evil.example', origins)).toBeUndefined();
    expect(issuer('https', 'kf.example.evil.example', origins)).toBeUndefined();
  });

  it('is the public one behind a proxy that ends TLS and does not say so', () => {
    expect(issuer('http', 'kf.example', ['https://kf.example'])).toBe('https://kf.example');
  });
});
