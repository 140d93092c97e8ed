import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { bits, boolean, der, integer, octets, oid, sequence, set, time, utf8 } from './der.ts';

/** A private key and its certificate, PEM. */
export interface KeyPair {
  key: string;
  cert: string;
}

/** ecdsa-with-SHA256 (RFC 5758, 3.2). */
const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const commonName = '2.5.4.3';
const subjectKeyId = '2.5.29.14';
const keyUsage = '2.5.29.15';
const subjectAltName = '2.5.29.17';
const basicConstraints = '2.5.29.19';
const authorityKeyId = '2.5.29.35';

const dayMs = 86_400_000;

/**
 * Makes a P-256 key and an X.509 certificate for it (RFC 5280), signed by `issuer`, or by itself. Node verifies
 * certificates but has no call to make one.
 */
export function createCertificate(options: {
  /** Common name, and the one DNS name that it is good for. */
  name: string;
  nowMs: number;
  days: number;
  /** May it sign others? */
  authority?: boolean;
  issuer?: KeyPair & { name: string };
}): KeyPair {
  const { name, nowMs, days, authority = false, issuer } = options;
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = own.publicKey.export({ type: 'spki', format: 'der' });
  const signer = issuer?.key ?? own.privateKey;
  const signerSpki = issuer === undefined ? spki : createPublicKey(issuer.cert).export({ type: 'spki', format: 'der' });
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaSha256,
    distinguished(issuer?.name ?? name),
    // An hour back: clocks of nodes differ.
    sequence(time(nowMs - 3_600_000), time(nowMs + days * dayMs)),
    distinguished(name),
    spki,
    der(0xa3, extensions({ name, authority, spki, signerSpki })),
  );
  const signature = sign('sha256', toBeSigned, signer);
  return {
    key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: pem('CERTIFICATE', sequence(toBeSigned, ecdsaSha256, bits(signature))),
  };
}

function distinguished(name: string): Buffer {
  return sequence(set(sequence(oid(commonName), utf8(name))));
}

function extensions(of: { name: string; authority: boolean; spki: Buffer; signerSpki: Buffer }): Buffer {
  // keyCertSign is bit 5, digitalSignature bit 0 (RFC 5280, 4.2.1.3).
  const usage = of.authority ? bits(Buffer.from([0b0000_0100]), 2) : bits(Buffer.from([0b1000_0000]), 7);
  return sequence(
    extension(basicConstraints, sequence(...(of.authority ? [boolean(true)] : [])), true),
    extension(keyUsage, usage, true),
    extension(subjectKeyId, octets(keyId(of.spki))),
    extension(authorityKeyId, sequence(der(0x80, keyId(of.signerSpki)))),
    ...(of.authority ? [] : [extension(subjectAltName, sequence(der(0x82, Buffer.from(of.name))))]),
  );
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

/** Any value that is the same for the same key will do (RFC 5280, 4.2.1.2). */
function keyId(spki: Buffer): Buffer {
  return createHash('sha256').update(spki).digest().subarray(0, 20);
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
