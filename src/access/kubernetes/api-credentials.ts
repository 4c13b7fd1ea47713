// Owns who the gateway is to the API server, and by what it knows the API server.
import { createSecureContext, type SecureContext } from 'node:tls';
import { Secret } from '../../kernel/secret.ts';
import { RereadFile } from './reread-file.ts';

/** Something written in place, or a file that holds it. */
export type TextSource = Secret | RereadFile;

interface CredentialTexts {
  /** https, or http to this machine; a path is put before every path. */
  readonly server: URL;
  /** Name that the server's certificate is held against, where it is not the address. */
  readonly serverName?: string | undefined;
  readonly ca?: TextSource | undefined;
  readonly token?: TextSource | undefined;
  readonly clientCertificate?: TextSource | undefined;
  readonly clientKey?: TextSource | undefined;
}

export class ApiCredentials {
  readonly server: URL;
  readonly serverName: string | undefined;
  readonly #texts: CredentialTexts;
  #made: { readonly from: string; readonly context: SecureContext } | undefined;

  constructor(texts: CredentialTexts) {
    this.server = texts.server;
    this.serverName = texts.serverName;
    this.#texts = texts;
  }

  /** Undefined where the client's certificate has to do. Throws when the file cannot be read. */
  token(): Secret | undefined {
    const text = textOf(this.#texts.token)?.trim();
    return text === undefined || text === '' ? undefined : new Secret(text);
  }

  /** The authorities and the client's certificate as they are now. Throws when one cannot be read. */
  secureContext(): SecureContext {
    const ca = textOf(this.#texts.ca);
    const cert = textOf(this.#texts.clientCertificate);
    const key = textOf(this.#texts.clientKey);
    const from = JSON.stringify([ca, cert, key]);
    if (this.#made?.from !== from) {
      this.#made = { from, context: createSecureContext({ ca, cert, key }) };
    }
    return this.#made.context;
  }

  /** They did not work: files are read anew. */
  forget(): void {
    const { ca, token, clientCertificate, clientKey } = this.#texts;
    for (const source of [ca, token, clientCertificate, clientKey]) {
      if (source instanceof RereadFile) source.forget();
    }
  }
}

function textOf(source: TextSource | undefined): string | undefined {
  return source instanceof Secret ? source.reveal() : source?.text();
}
