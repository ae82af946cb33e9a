/**
 * The messages of proto.ts as protobufjs types, for encoding and for the strict readers of input,
 * json.ts and wire.ts.
 */
import protobuf from 'protobufjs';
import { PROTO } from './proto.js';

const root = protobuf.parse(PROTO, { keepCase: true }).root.resolveAll();

/** The type of `Configs`. */
export const ConfigsMessage = root.lookupType('prefab.Configs');
/** The type of `Config`. */
export const ConfigMessage = root.lookupType('prefab.Config');
/** The type of `ConfigValue`. */
export const ConfigValueMessage = root.lookupType('prefab.ConfigValue');
/** The type of `Criterion`. */
export const CriterionMessage = root.lookupType('prefab.Criterion');
/** The type of `ContextSet`. */
export const ContextSetMessage = root.lookupType('prefab.ContextSet');
