/** The messages of proto.ts as protobufjs types: to encode, and for the strict readers of input, json.ts and wire.ts. */
import protobuf from 'protobufjs';
import { PROTO } from './proto.js';

const root = protobuf.parse(PROTO, { keepCase: true }).root.resolveAll();

export const ConfigsMessage = root.lookupType('prefab.Configs');
export const ConfigMessage = root.lookupType('prefab.Config');
export const ContextSetMessage = root.lookupType('prefab.ContextSet');
