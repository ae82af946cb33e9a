/** Checks the signature of a request to S3, as the definition of version 4 says it. */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface SessionKey {
  readonly secretAccessKey: string;
  /** Absent for a key that lasts. */
  readonly sessionToken?: string;
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** The code with which S3 would refuse the request; `undefined` when it would not. */
export function refusalOf(
  { method = '', url = '', headers }: IncomingMessage,
  keyOf: (accessKeyId: string) => SessionKey | undefined,
): string | undefined {
  const [, id, scope, names, signature] = FORM.exec(headers.authorization ?? '') ?? [];
  if (id === undefined || scope === undefined || names === undefined) return 'AccessDenied';
  const key = keyOf(id);
  if (key === undefined) return 'InvalidAccessKeyId';
  if (headers['x-amz-security-token'] !== key.sessionToken) return 'InvalidToken';
  // A token that is not signed could be exchanged on the way.
  const isSigned = names.split(';').includes('x-amz-security-token');
  if (key.sessionToken !== undefined && !isSigned) return 'AccessDenied';
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const canonical = [
    method,
    pathname,
    query.join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n');
  const sign = (by: string | Buffer, part: string) => createHmac('sha256', by).update(part).digest();
  const signer = scope.split('/').reduce<string | Buffer>(sign, `AWS4${key.secretAccessKey}`);
  return sign(signer, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}
