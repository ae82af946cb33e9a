/**
 * Which configs clients that must not see rules (browsers, mobile apps) may have the values of.
 *
 * Feature flags and log levels always, configs only when they are marked for clients; segments and everything else never. As the
 * public SDKs' own generators and servers have it.
 */
import type { Config } from './model.js';

export function isVisibleToClients({ configType, sendToClientSdk }: Config): boolean {
  if (configType === 'FEATURE_FLAG' || configType === 'LOG_LEVEL') return true;
  return configType === 'CONFIG' && sendToClientSdk === true;
}
