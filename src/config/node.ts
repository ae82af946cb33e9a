/** The settings of a node (`holdfast serve`), and the rules that span several of them. */
import { parseGripUrl } from '../grip/proxies.js';
import { parseStoreLocation } from '../store/location.js';
import { bucketProblems } from './belt-writer.js';
import { isGiven, SettingsError, type EnvironmentVariables } from './option.js';
import { MIN_ADMIN_TOKEN, MIN_SECRET, options, type NodeSettings } from './options.js';
import { checkPorts, listenWarnings } from './ports.js';
import { checkUrls, readOptions } from './read.js';

/**
 * Reads the settings of a node from the environment it is given and the files of secrets that it
 * names; connects to nothing. Every problem is reported together, at start, so that they are not corrected
 * one restart at a time.
 *
 * @throws SettingsError with every problem
 */
export function readNodeSettings(env: EnvironmentVariables): NodeSettings {
  const { values, problems, warnings } = readOptions('node', env);
  problems.push(...missingSecrets(values, env), ...bucketProblems(values), ...gripProblems(values));
  if (values.purgeUrl !== undefined && !isGiven(options.purgeToken, env)) {
    problems.push('HOLDFAST_PURGE_URL needs the API token that may purge there: set HOLDFAST_PURGE_TOKEN.');
  }
  problems.push(...canaryProblems(values), ...proxyMetricsProblems(values), ...oidcProblems(values, env));
  const ports = checkPorts(values);
  problems.push(...ports.problems);
  if (problems.length > 0) throw new SettingsError(problems);
  const settings = values as NodeSettings;
  return {
    ...settings,
    warnings: [...warnings, ...ports.warnings, ...withoutEffect(settings), ...listenWarnings(settings, env)],
  };
}

function missingSecrets(values: Partial<NodeSettings>, env: EnvironmentVariables): string[] {
  const why = isShared(values.store)
    ? {
        when: 'with a store that nodes share',
        token: 'every node must accept the same token',
        secret: 'a recovery link that one node signs is answered by another',
      }
    : values.production === true
      ? {
          when: 'in production',
          token: 'a generated one would be known only to a file on this machine',
          secret: 'recovery links must stay valid when the data directory is replaced',
        }
      : undefined;
  if (why === undefined) return [];
  const problems: string[] = [];
  // One that is given and too short has been reported already.
  if (!isGiven(options.adminTokens, env)) {
    problems.push(
      `HOLDFAST_ADMIN_TOKEN is required ${why.when}, because ${why.token}. Set it to at least ${MIN_ADMIN_TOKEN} random characters (openssl rand -hex 16).`,
    );
  }
  if (!isGiven(options.linkSecrets, env)) {
    problems.push(
      `HOLDFAST_SECRET is required ${why.when}, because ${why.secret}. Set it to at least ${MIN_SECRET} random characters (openssl rand -hex 32), the same on every node.`,
    );
  }
  return problems;
}

/**
 * True when more than one process can use that store, so that nodes must agree on what is not in
 * it.
 */
function isShared(store: string | undefined): boolean {
  return store !== undefined && parseStoreLocation(store).kind !== 'file';
}

function gripProblems({ gripUrls = [], gripVerifyKeys, hold }: Partial<NodeSettings>): string[] {
  const problems: string[] = [];
  // A key that is given and cannot be parsed has been reported already; that proxies lack it would
  // be no news.
  if (gripVerifyKeys !== undefined) {
    problems.push(...checkUrls(gripUrls, (url) => parseGripUrl(url, gripVerifyKeys).name));
  }
  if (hold === 'grip' && gripUrls.length === 0) {
    problems.push(
      'HOLDFAST_HOLD is grip, but GRIP_URL names no proxy, so no client could subscribe. Set GRIP_URL, or HOLDFAST_HOLD to auto.',
    );
  }
  return problems;
}

/** The canary must know which client port belongs to which proxy. */
function canaryProblems({ canaryUrls = [], gripUrls = [] }: Partial<NodeSettings>): string[] {
  if (canaryUrls.length === 0 || gripUrls.length === 0 || canaryUrls.length === gripUrls.length) return [];
  return [
    `HOLDFAST_CANARY names ${canaryUrls.length} and GRIP_URL names ${gripUrls.length}: give one URL of clients for each proxy, in the same order, or off in its place.`,
  ];
}

function proxyMetricsProblems({
  proxyMetricsPorts: ports = [],
  gripUrls = [],
}: Partial<NodeSettings>): string[] {
  if (ports.length <= 1 || gripUrls.length === 0 || ports.length === gripUrls.length) return [];
  return [
    `HOLDFAST_PROXY_METRICS names ${ports.length} and GRIP_URL names ${gripUrls.length}: give one port for all proxies, or one for each in the same order, or off in its place.`,
  ];
}

/** An issuer alone is not enough for anyone to sign in. */
function oidcProblems({ oidcIssuer }: Partial<NodeSettings>, env: EnvironmentVariables): string[] {
  if (oidcIssuer === undefined) return [];
  // One that is given and cannot be parsed has been reported already.
  return [options.oidcClientId, options.consoleUrl, options.oidcRoles]
    .filter((needed) => !isGiven(needed, env))
    .map(({ name }) => `HOLDFAST_OIDC_ISSUER needs ${name}: set it (holdfast help settings explains it).`);
}

/** A sentence for each setting that another one makes useless. */
function withoutEffect(settings: NodeSettings): string[] {
  const { hold, gripUrls, gripVerifyKeys, purgeToken, purgeUrl, canaryUrls, proxyMetricsPorts } = settings;
  const { ratePerAddress, trustedProxies } = settings;
  const sentences: string[] = [];
  if (hold === 'direct' && gripUrls.length > 0) {
    sentences.push(
      'HOLDFAST_HOLD is direct, so this node publishes to the proxies of GRIP_URL but gives them no new subscriptions to hold.',
    );
  }
  if (gripVerifyKeys.length > 0 && gripUrls.length === 0) {
    sentences.push('GRIP_VERIFY_KEY has no effect without GRIP_URL.');
  }
  if (ratePerAddress !== undefined && gripUrls.length > 0 && trustedProxies.length === 0) {
    sentences.push(
      'HOLDFAST_RATE_ADDRESS counts all clients of a proxy as one address: name the proxies in HOLDFAST_TRUSTED_PROXIES, and let them add to X-Forwarded-For.',
    );
  }
  if (canaryUrls.length > 0 && gripUrls.length === 0) {
    sentences.push('HOLDFAST_CANARY has no effect without GRIP_URL.');
  }
  if (proxyMetricsPorts.length > 0 && gripUrls.length === 0) {
    sentences.push('HOLDFAST_PROXY_METRICS has no effect without GRIP_URL.');
  }
  if (canaryUrls.length > 0 && hold === 'direct') {
    sentences.push(
      'HOLDFAST_CANARY has no effect with HOLDFAST_HOLD=direct, because no proxy is given a hold.',
    );
  }
  sentences.push(...oidcWithoutEffect(settings));
  if (purgeToken !== undefined && purgeUrl === undefined) {
    sentences.push('HOLDFAST_PURGE_TOKEN has no effect without HOLDFAST_PURGE_URL.');
  }
  return sentences;
}

function oidcWithoutEffect(settings: NodeSettings): string[] {
  const { oidcIssuer, oidcClientId, oidcClientSecret, oidcRoles, consoleUrl } = settings;
  if (oidcIssuer === undefined) {
    const given = oidcClientId ?? oidcClientSecret ?? oidcRoles;
    return given === undefined ? [] : ['HOLDFAST_OIDC_… has no effect without HOLDFAST_OIDC_ISSUER.'];
  }
  if (consoleUrl?.startsWith('http:') !== true || /^http:\/\/(localhost|127\.|\[::1\])/.test(consoleUrl))
    return [];
  return [
    'HOLDFAST_CONSOLE_URL is plain http, so the network between sees the tokens of those who sign in: put https before the console.',
  ];
}
