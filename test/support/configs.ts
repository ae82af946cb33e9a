/** Configs in proto3-JSON for tests, and what a stream's events say about them. */
import { decodeConfigs } from '../../src/ruleset/codec.js';
import type { Config, Configs } from '../../src/ruleset/model.js';
import type { SseEvent } from './sse.js';

/** A feature flag that is the same for everyone. */
export function flag(key: string, value: boolean): Config {
  return {
    key,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values: [{ value: { bool: value } }] }],
  };
}

/** A boolean flag that is on from a time on, milliseconds since 1970. */
export function scheduled(key: string, from: number): Config {
  const criterion = {
    propertyName: 'prefab.current-time',
    operator: 'PROP_GREATER_THAN_OR_EQUAL',
    valueToMatch: { int: `${from}` },
  };
  const values = [{ criteria: [criterion], value: { bool: true } }, { value: { bool: false } }];
  return { key, configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values }] };
}

/** A string config that is the same for everyone. */
export function text(key: string, value: string): Config {
  return {
    key,
    configType: 'CONFIG',
    valueType: 'STRING',
    rows: [{ values: [{ value: { string: value } }] }],
  };
}

export function deletion(key: string): Config {
  return { key, configType: 'DELETED', rows: [] };
}

/** The content of an event. */
export function read(event: SseEvent): Configs {
  return decodeConfigs(Buffer.from(event.data, 'base64'));
}

/** The keys of all events, in order. */
export function keys(events: readonly SseEvent[]): string[] {
  return events.flatMap((event) => (read(event).configs ?? []).map((config) => config.key ?? ''));
}
