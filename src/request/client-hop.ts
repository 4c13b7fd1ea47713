// Owns who the client is behind trusted proxies: address, scheme and host as they will be written
// into X-Forwarded-*.

export interface ClientHop {
  /** The client's IP address: the right-most address that is not a trusted proxy. */
  readonly address: string;
  readonly scheme: 'http' | 'https';
}
