import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface Certificate {
  key: string;
  cert: string;
}

/** A certificate authority of its own in `dir`, and certificates by it; paths of PEM files. */
export function certificateAuthority(
  dir: string,
): Certificate & { issue(name: string, altNames?: string): Certificate } {
  const ca = make(dir, 'ca', ['-subj', '/CN=Test authority', '-addext', 'keyUsage=critical,keyCertSign']);
  return {
    ...ca,
    issue(name, altNames = `DNS:localhost,DNS:${name},IP:127.0.0.1`) {
      const signed = ['-CA', ca.cert, '-CAkey', ca.key, '-addext', `subjectAltName=${altNames}`];
      return make(dir, name, ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:FALSE', ...signed]);
    },
  };
}

function make(dir: string, name: string, args: readonly string[]): Certificate {
  const key = join(dir, `${name}.key`);
  const cert = join(dir, `${name}.crt`);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...ec, '-keyout', key, '-out', cert, ...args], { stdio: 'pipe' });
  return { key, cert };
}
