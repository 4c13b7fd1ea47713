// Owns self-signed certificates for neighbours and listeners under test.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installedProgram } from './catalogue.ts';
import { runProgram } from './run-program.ts';

/** A certificate that is its own authority, and its key, as files and as PEM. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate in the directory, valid for one day, for 127.0.0.1, localhost and the names. */
export async function makeCertificate(
  directory: string,
  names: readonly string[] = [],
): Promise<Certificate> {
  const certFile = join(directory, 'tls.crt');
  const keyFile = join(directory, 'tls.key');
  const hosts = ['IP:127.0.0.1', 'DNS:localhost', ...names.map((name) => `DNS:${name}`)];
  await runProgram(installedProgram('openssl'), [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '1', '-subj', '/CN=localhost', '-addext', `subjectAltName=${hosts.join(',')}`],
    ...['-keyout', keyFile, '-out', certFile],
  ]);
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { certFile, keyFile, cert, key };
}
