/** The rules that span the settings of addresses and ports. Pure. */
import { isGiven, type EnvironmentVariables } from './option.js';
import { options, type NodeSettings } from './options.js';

type Ports = Pick<NodeSettings, 'port' | 'host' | 'adminPort' | 'adminHost'>;

/**
 * Checks the port of operators against that of clients.
 *
 * @returns a sentence for each problem, and for each setting without an effect
 */
export function checkPorts({ port, host, adminPort, adminHost }: Partial<Ports>): {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
} {
  if (adminPort === undefined) {
    const useless = adminHost !== undefined;
    return {
      problems: [],
      warnings: useless ? ['HOLDFAST_ADMIN_HOST has no effect without HOLDFAST_ADMIN_PORT.'] : [],
    };
  }
  const same = adminPort === port && adminPort !== 0 && (adminHost ?? host) === host;
  return {
    problems: same
      ? [
          `HOLDFAST_ADMIN_PORT must differ from PORT, which is ${adminPort} too. Choose another, or leave it out.`,
        ]
      : [],
    warnings: [],
  };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * A sentence for a process that others must reach and that listens on this machine only, because
 * its address was not thought of.
 *
 * @param settings.gripUrls each is valid
 */
export function listenWarnings(
  { gripUrls = [], production }: Pick<NodeSettings, 'production'> & Partial<Pick<NodeSettings, 'gripUrls'>>,
  env: EnvironmentVariables,
): string[] {
  if (isGiven(options.host, env)) return [];
  const remote = gripUrls.some((url) => !LOOPBACK.test(new URL(url).hostname));
  if (!remote && !production) return [];
  const why = remote ? 'the proxies of GRIP_URL are on other machines' : 'this is production';
  return [
    `HOST is not set, so only this machine can connect, and ${why}. Set it to 0.0.0.0 or an address of this machine; to ${options.host.default} if only this machine is meant.`,
  ];
}
