/**
 * The places where programs in AWS get credentials, on this machine: the endpoint of a container, the
 * token service, the portal of SSO, and the metadata of an instance, in one server. Each answer has a
 * key of its own.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SessionKey } from './signature-v4.js';

const TOKEN = 'token-of-the-pod';
const SSO_START = 'https://holdfast.awsapps.com/start';

export type Place = 'container' | 'web identity' | 'sso' | 'instance' | 'shared file';

export interface AwsStandIn {
  /** The places that gave credentials, in order. */
  readonly asked: string[];
  /** The variables that lead to that place, and to nothing of this machine. */
  envOf(place: Place): Record<string, string>;
  /** The key that was given last. */
  last(): SessionKey & { readonly accessKeyId: string; readonly sessionToken: string };
  /** The known key of that name, for `startS3`. */
  keyOf(accessKeyId: string): SessionKey | undefined;
  /** Keys are known no more, as after they ran out. */
  forgetKeys(): void;
  /** A key of the other kind: of a person, without a session and an end. */
  issueLasting(): { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Makes that key unknown. */
  forgetKey(accessKeyId: string): void;
  /** Writes another key into the file of the profile. */
  replaceFile(): Promise<void>;
  /** Seconds for which what is given from now on is good. */
  lifetime: number;
  /** Answers that status in place of credentials. */
  failure: number | undefined;
  stop(): Promise<void>;
}

export async function startAws(): Promise<AwsStandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'hf-aws-'));
  const keys = new Map<string, SessionKey>();
  const asked: string[] = [];
  let issued = 0;
  const issue = (place: string): Issued => {
    asked.push(place);
    const accessKeyId = `ASIA${place.replace(/\W/g, '').toUpperCase()}${++issued}`;
    const key = { secretAccessKey: `secret/of+${accessKeyId}`, sessionToken: `session+of/${accessKeyId}==` };
    keys.set(accessKeyId, key);
    return { accessKeyId, ...key, expires: new Date(Date.now() + aws.lifetime * 1000) };
  };
  const server = createServer((request, response) => {
    answer(request, response, aws, issue).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const aws: AwsStandIn = {
    asked,
    lifetime: 3600,
    failure: undefined,
    envOf: (place) => ({ ...nowhere(folder), ...variables(place, url, folder) }),
    last: () => {
      const [accessKeyId, key] = [...keys].at(-1)!;
      return { accessKeyId, ...key, sessionToken: key.sessionToken ?? '' };
    },
    keyOf: (id) => keys.get(id),
    issueLasting: () => {
      const accessKeyId = `AKIA${++issued}`;
      keys.set(accessKeyId, { secretAccessKey: `secret/of+${accessKeyId}` });
      return { accessKeyId, secretAccessKey: `secret/of+${accessKeyId}` };
    },
    forgetKey: (id) => keys.delete(id),
    forgetKeys: () => keys.clear(),
    replaceFile: () => writeKey(folder, issue('shared file')),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
  await writeFiles(folder, issue);
  asked.length = 0;
  return aws;
}

interface Issued extends SessionKey {
  readonly sessionToken: string;
  readonly accessKeyId: string;
  readonly expires: Date;
}

/** No profile, and no instance: 169.254.169.254 is not asked where tests run. */
function nowhere(folder: string): Record<string, string> {
  return {
    HOME: folder,
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: 'eu-central-1',
  };
}

function variables(place: Place, url: string, folder: string): Record<string, string> {
  switch (place) {
    case 'container':
      return {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token'),
      };
    case 'web identity':
      return {
        AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/holdfast',
        AWS_ENDPOINT_URL_STS: `${url}/sts`,
      };
    case 'sso':
      return {
        AWS_CONFIG_FILE: join(folder, 'config'),
        AWS_PROFILE: 'people',
        AWS_ENDPOINT_URL_SSO: `${url}/sso`,
      };
    case 'instance':
      return { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
    case 'shared file':
      return { AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials') };
  }
}

async function writeKey(
  folder: string,
  { accessKeyId, secretAccessKey, sessionToken }: Issued,
): Promise<void> {
  const lines = [
    '[default]',
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    `aws_session_token = ${sessionToken}`,
  ];
  await writeFile(join(folder, 'credentials'), `${lines.join('\n')}\n`);
}

async function writeFiles(folder: string, issue: (place: string) => Issued): Promise<void> {
  await writeKey(folder, issue('shared file'));
  await writeFile(join(folder, 'token'), TOKEN);
  const profile = [
    '[profile people]',
    `sso_start_url = ${SSO_START}`,
    'sso_region = eu-central-1',
    'sso_account_id = 123456789012',
    'sso_role_name = flags',
  ];
  await writeFile(join(folder, 'config'), `${profile.join('\n')}\n`);
  // The file that `aws sso login` leaves.
  const cache = join(folder, '.aws/sso/cache');
  await mkdir(cache, { recursive: true });
  const session = { accessToken: TOKEN, expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  const name = createHash('sha1').update(SSO_START).digest('hex');
  await writeFile(join(cache, `${name}.json`), JSON.stringify({ ...session, startUrl: SSO_START }));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { failure }: AwsStandIn,
  issue: (place: string) => Issued,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://aws');
  const body = await text(request);
  const json = (value: unknown) => response.end(JSON.stringify(value));
  if (pathname === '/latest/api/token') return void response.end('token-of-the-instance');
  if (pathname === '/latest/meta-data/iam/security-credentials/') return void response.end('flags');
  if (failure !== undefined) {
    response.writeHead(failure);
    return void json({ Code: 'AccessDenied', Message: 'no association for this pod' });
  }
  if (pathname === '/container' && request.headers.authorization === TOKEN) {
    return void json(documentOf(issue('container')));
  }
  if (pathname === '/latest/meta-data/iam/security-credentials/flags') {
    return void json({ Code: 'Success', ...documentOf(issue('instance')) });
  }
  if (pathname === '/sts/' && new URLSearchParams(body).get('WebIdentityToken') === TOKEN) {
    return void response.setHeader('content-type', 'text/xml').end(xmlOf(issue('web identity')));
  }
  if (pathname === '/sso/federation/credentials' && searchParams.get('role_name') === 'flags') {
    const { expires, ...key } = issue('sso');
    response.setHeader('content-type', 'application/json');
    return void json({ roleCredentials: { ...key, expiration: expires.getTime() } });
  }
  response.writeHead(403).end();
}

function documentOf({ accessKeyId, secretAccessKey, sessionToken, expires }: Issued): object {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: expires.toISOString(),
  };
}

function xmlOf({ accessKeyId, secretAccessKey, sessionToken, expires }: Issued): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <AccessKeyId>${accessKeyId}</AccessKeyId>
      <SecretAccessKey>${secretAccessKey}</SecretAccessKey>
      <SessionToken>${sessionToken}</SessionToken>
      <Expiration>${expires.toISOString()}</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;
}
