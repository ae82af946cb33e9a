/** `npm run bench:memory`: what a ruleset costs in the memory of a node. */
import { encodeConfig, encodeEnvelope } from '../src/ruleset/codec.js';
import { Ruleset } from '../src/ruleset/ruleset.js';
import { flag } from '../test/support/configs.js';

const COUNT = 50_000;

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const before = memory();
const configs = Array.from({ length: COUNT }, (_, i) =>
  encodeConfig({ ...flag(`flag.number-${i}`, i % 2 === 0), id: `${i + 1}` }),
);
const ruleset = await Ruleset.load({
  environment: 1n,
  version: BigInt(COUNT),
  at: 0n,
  envelope: encodeEnvelope({ id: 1n, projectId: 1n }),
  configs,
});
configs.length = 0;
const each = (memory() - before) / COUNT;
console.log(
  `${ruleset.size} flags of ${Math.round([...ruleset.configs()][0]!.bytes.length)} bytes: ${Math.round(each)} bytes each`,
);
