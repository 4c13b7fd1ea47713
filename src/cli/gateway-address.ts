// Owns how a person names a gateway on the command line.

export type GatewayAddress =
  | {
      readonly kind: 'address';
      /** `https://kubeflow.example.com`: credentials are kept under it. */
      readonly origin: string;
      /** Plain http, which never leaves this machine. */
      readonly isPlain: boolean;
    }
  /** `problem` says what would be right. */
  | { readonly kind: 'refused'; readonly problem: string };

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost)$/;

/**
 * The gateway behind an address that may have been copied from a browser: what follows the host does
 * not matter. Only https, or http where it stays on this machine (RFC 6761 section 6.3).
 */
export function readGatewayAddress(text: string): GatewayAddress {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    return refused('must be an address such as https://kubeflow.example.com');
  }
  if (url.username !== '' || url.password !== '') {
    return refused('must not contain a user name or password');
  }
  const isPlain = url.protocol === 'http:';
  if (isPlain && !LOOPBACK.test(url.hostname)) {
    return refused('must begin with https://, or everybody on the way could read the tokens');
  }
  return { kind: 'address', origin: url.origin, isPlain };
}

function refused(problem: string): GatewayAddress {
  return { kind: 'refused', problem };
}
