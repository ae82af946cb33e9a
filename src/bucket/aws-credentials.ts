/**
 * Credentials by the standard chain of AWS, for buckets to which no key was given. To be loaded by a
 * dynamic import: it costs 30 ms and 10 MiB (docs/decisions/0054-credentials-by-the-chain.md).
 *
 * The package reads its own variables (`AWS_PROFILE`, `AWS_CONFIG_FILE`,
 * `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN`, `AWS_CONTAINER_CREDENTIALS_FULL_URI` and so on).
 */
import { fromHttp, fromIni, fromInstanceMetadata, fromTokenFile } from '@aws-sdk/credential-providers';
import { HoldfastError, messageOf } from '../core/errors.js';
import { RefreshedCredentials, type CredentialSource, type S3Credentials } from './credentials.js';

/** The part of an explanation of one source that is repeated. */
const REASON_CHARACTERS = 200;

/** The variables by which AWS's own programs are told where credentials are. */
type Variables = Readonly<Record<string, string | undefined>>;

interface Fetched {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** One place where credentials may be. */
interface Place {
  /** The name that errors give it. */
  readonly name: string;
  /** The reason for which it is not asked; `undefined`: it is. */
  readonly absent?: string | undefined;
  readonly fetch: () => Promise<Fetched>;
}

/**
 * Credentials of the standard chain: files of profiles (also SSO, a role to assume, a process), web
 * identity (IRSA), the endpoint of a container (ECS, EKS pod identity), the role of an instance.
 *
 * @param bucket the name that errors give to the bucket
 */
export function chainedCredentials(bucket: string, now?: () => number): CredentialSource {
  return new RefreshedCredentials(() => firstOf(places(process.env), bucket), now);
}

/**
 * The places in the order of AWS's own programs. A source that is configured and fails ends the
 * search where the package says so: another identity than the one that was meant would be a surprise.
 */
function places(env: Variables): Place[] {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_EC2_METADATA_DISABLED: disabled } = env;
  const container =
    Boolean(env.AWS_CONTAINER_CREDENTIALS_FULL_URI) || Boolean(env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI);
  return [
    { name: `profile ${env.AWS_PROFILE ?? 'default'}`, fetch: () => fromIni({ ignoreCache: true })() },
    {
      name: 'web identity',
      absent: tokenFile ? undefined : 'AWS_WEB_IDENTITY_TOKEN_FILE is not set',
      fetch: () => fromTokenFile()(),
    },
    {
      name: 'container',
      absent: container ? undefined : 'AWS_CONTAINER_CREDENTIALS_FULL_URI and _RELATIVE_URI are not set',
      fetch: () => fromHttp()(),
    },
    {
      name: 'instance role',
      absent:
        disabled && disabled !== 'false'
          ? 'AWS_EC2_METADATA_DISABLED is set'
          : container
            ? 'the container has its own'
            : undefined,
      fetch: () => fromInstanceMetadata()(),
    },
  ];
}

async function firstOf(tried: readonly Place[], bucket: string): Promise<S3Credentials> {
  const reasons: string[] = [];
  for (const { name, absent, fetch } of tried) {
    if (absent !== undefined) {
      reasons.push(`${name}: ${absent}`);
      continue;
    }
    try {
      return credentialsOf(await fetch());
    } catch (error) {
      reasons.push(`${name}: ${sentenceOf(error)}`);
      if (!goesOn(error)) break;
    }
  }
  throw new HoldfastError(
    'bucket_unavailable',
    `The bucket ${bucket} has no credentials. Neither its URL nor AWS_ACCESS_KEY_ID has any; tried: ${reasons.join('; ')}.`,
  );
}

function credentialsOf({ accessKeyId, secretAccessKey, sessionToken, expiration }: Fetched): S3Credentials {
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime() };
}

/** The package marks errors of sources that are not configured. */
function goesOn(error: unknown): boolean {
  return error instanceof Error && 'tryNextLink' in error && error.tryNextLink === true;
}

/** The text of an error, with what the endpoint of a container said. */
function sentenceOf(error: unknown): string {
  const { Message: said } = error as { readonly Message?: unknown };
  const parts = [messageOf(error), ...(typeof said === 'string' ? [said] : [])];
  const text = parts.join(': ').replace(/\s+/g, ' ').slice(0, REASON_CHARACTERS);
  return text.replace(/\.$/, '') || 'no answer';
}
