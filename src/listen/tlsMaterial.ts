import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { SetupError } from '../errors.ts';

/** PEM files of a server; the certificate file holds its chain too, the server's own certificate first. */
export interface TlsFiles {
  cert: string;
  /** May be the same file. */
  key: string;
  /** Of the key, where it is encrypted. */
  passphrase?: string | undefined;
  /** Authorities whose client certificates are believed. */
  ca?: string | undefined;
  dhparam?: string | undefined;
}

/** How a server does TLS: from which files, and with what else. */
export interface TlsServing {
  files: TlsFiles;
  /** Ciphers, versions and the like, as Node names them. */
  context: SecureContextOptions;
  /** Ask clients for a certificate, and refuse those without a good one. */
  requireClientCert: boolean;
}

/** Reads the files and holds them against each other. Throws a `SetupError` that names the file. */
export async function readTls({ files, context }: TlsServing): Promise<SecureContextOptions> {
  const [cert, key, ca, dhparam] = await Promise.all([
    read(files.cert, 'certificate'),
    read(files.key, 'key'),
    files.ca === undefined ? undefined : read(files.ca, 'certificate authority'),
    files.dhparam === undefined ? undefined : read(files.dhparam, 'Diffie-Hellman parameters'),
  ]);
  checkPair(files, cert, key);
  return {
    ...context,
    cert,
    key,
    ...(files.passphrase === undefined ? {} : { passphrase: files.passphrase }),
    ...(ca === undefined ? {} : { ca }),
    ...(dhparam === undefined ? {} : { dhparam }),
  };
}

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SetupError(`The TLS ${what} ${path} cannot be read: ${(error as Error).message}.`, {
      advice: 'Check the path and the permissions.',
      cause: error,
    });
  }
}

/** A renewal writes two files: between the two writes they do not belong together, and must not be used. */
function checkPair(files: TlsFiles, cert: Buffer, key: Buffer): void {
  const parse = <T>(path: string, what: string, make: () => T): T => {
    try {
      return make();
    } catch (error) {
      throw new SetupError(`The TLS ${what} ${path} is not usable: ${(error as Error).message}.`, {
        advice: 'It must be PEM; an encrypted key needs its passphrase.',
        cause: error,
      });
    }
  };
  const certificate = parse(files.cert, 'certificate', () => new X509Certificate(cert));
  const { passphrase } = files;
  const privateKey = parse(files.key, 'key', () =>
    createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) }),
  );
  if (!certificate.checkPrivateKey(privateKey))
    throw new SetupError(`The TLS key ${files.key} does not belong to the certificate ${files.cert}.`, {
      advice: 'Give the key that the certificate was made with.',
    });
}
