import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readTls } from '../../../listen/tlsMaterial.ts';
import type { Check } from '../types.ts';

const warnDays = 14;
const dayMs = 86_400_000;

export const tls: Check = {
  name: 'Certificate',
  async look({ config: { listen }, publicUrl }) {
    if (listen.tls === undefined) return [];
    const { cert, key, clientCa } = listen.tls;
    const files = { cert, key, ca: clientCa };
    const material = await readTls({ files, context: {}, requireClientCert: clientCa !== undefined });
    const certificate = new X509Certificate(material.cert as Buffer);
    const days = Math.floor((Date.parse(certificate.validTo) - Date.now()) / dayMs);
    const { hostname } = new URL(publicUrl);
    if (days < 0)
      return [{ outcome: 'fault', what: `${cert} has expired (${certificate.validTo}).`, advice: 'Renew it.' }];
    if (!isFor(certificate, hostname))
      return [
        {
          outcome: 'fault',
          what: `${cert} is not for ${hostname}, the host of publicUrl.`,
          why: `It is for ${certificate.subjectAltName ?? certificate.subject}.`,
          advice: 'Use a certificate for that name, or correct publicUrl.',
        },
      ];
    if (days < warnDays)
      return [{ outcome: 'warn', what: `${cert} expires in ${days} days.`, advice: 'See that it is renewed.' }];
    return [{ outcome: 'ok', what: `${cert} is good for ${days} days.` }];
  },
};

function isFor(certificate: X509Certificate, hostname: string): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const name = isIP(address) === 0 ? certificate.checkHost(hostname) : certificate.checkIP(address);
  return name !== undefined;
}
