/**
 * Visibility of configs to client-side SDKs (browsers, mobile apps), which get values and no rules.
 *
 * Feature flags and log levels are always visible, configs only when they are marked for clients;
 * segments and everything else never. The public SDKs' own generators and servers have the same
 * rule.
 */
import type { Config } from './model.js';

/** True when client-side SDKs may have its value. */
export function isVisibleToClients({ configType, sendToClientSdk }: Config): boolean {
  if (configType === 'FEATURE_FLAG' || configType === 'LOG_LEVEL') return true;
  return configType === 'CONFIG' && sendToClientSdk === true;
}
