// Owns recognising a form POST that a gRPC gateway would treat as another method.
import type { RoutedHead } from './route-matcher.ts';

/**
 * True for a form POST with `X-HTTP-Method-Override`. grpc-gateway (runtime/mux.go, "path length fallback") serves it as
 * the method named there, with the parameters of the body, which nothing before it has seen.
 */
export function usesMethodOverride({ method, rawHeaders }: RoutedHead): boolean {
  if (method !== 'POST') return false;
  let isForm = false;
  let isOverridden = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase().replaceAll('_', '-');
    if (name === 'x-http-method-override') isOverridden = true;
    else if (name === 'content-type') isForm ||= isFormType(rawHeaders[index + 1] ?? '');
  }
  return isForm && isOverridden;
}

function isFormType(value: string): boolean {
  return value.toLowerCase().includes('application/x-www-form-urlencoded');
}
