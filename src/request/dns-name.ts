// Owns the forms of Kubernetes names (RFC 1123 as Kubernetes' apimachinery validates it).

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const SUBDOMAIN_MAX_LENGTH = 253;

/** A DNS-1123 label: the form of a namespace, at most 63 characters. */
export function isDnsLabel(text: string): boolean {
  return label.test(text);
}

/** A DNS-1123 subdomain: the form of most object names, at most 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= SUBDOMAIN_MAX_LENGTH && subdomain.test(text);
}
