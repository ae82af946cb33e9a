/**
 * The settings of the nodes of an installation, apart from what starts them, so that the container
 * files can be compared with them.
 */

export interface StackSecrets {
  readonly adminToken: string;
  readonly secret: string;
  /** Pushpin signs with it, and the nodes verify with it. */
  readonly gripKey: string;
}

/**
 * The settings of each node. The names are those of docker-compose.yml and .env.example, which a
 * test compares.
 *
 * @param clientUrls where the canary subscribes; default: nowhere, so that tests count their own
 *   changes only
 */
export function nodeEnvironment(
  secrets: StackSecrets,
  redisUrl: string,
  publishUrls: readonly string[],
  clientUrls: readonly string[] = ['off'],
  metricsPorts: readonly string[] = ['off'],
): Record<string, string> {
  return {
    HOLDFAST_STORE: redisUrl,
    HOLDFAST_HOLD: 'auto',
    GRIP_URL: publishUrls.map((url) => `${url}/?verify-iss=pushpin`).join(' '),
    HOLDFAST_CANARY: clientUrls.join(' '),
    HOLDFAST_PROXY_METRICS: metricsPorts.join(' '),
    GRIP_VERIFY_KEY: secrets.gripKey,
    HOLDFAST_ADMIN_TOKEN: secrets.adminToken,
    HOLDFAST_SECRET: secrets.secret,
  };
}
