/**
 * Run as a process of its own with a small heap: imports the same configs into a file store over
 * and over, each time with an answer that names them all, and prints the memory at the end.
 */
import { packAnswer } from '../../src/store/answer.js';
import { openFileStore } from '../../src/store/file/store.js';
import { creation, flag, silent, update } from './fixtures.js';

const CONFIGS = 20_000;
const [, , directory = '', imports = ''] = process.argv;
const store = await openFileStore(directory, { log: silent });
await store.commit(creation(1n));
let version = 0n;
let answer = '';
for (let i = 0; i < Number(imports); i++) {
  const configs = Array.from({ length: CONFIGS }, (_, key) => flag(version + BigInt(key + 1), `flag-${key}`));
  answer = JSON.stringify(configs.map(({ key, id }) => ({ key, id: `${id}` })));
  const idempotency = { key: `import ${i}`, digest: 'd', answer };
  await store.commit(update(1n, version, configs, { idempotency }));
  version += BigInt(CONFIGS);
}
const repeated = await store.repeated(1n, `import ${Number(imports) - 1}`);
const { heapUsed, external } = process.memoryUsage();
const packed = (await packAnswer(answer)).length;
await store.close();
const reopened = await openFileStore(directory, { log: silent });
const after = await reopened.repeated(1n, 'import 0');
await reopened.close();
console.log(
  JSON.stringify({
    memory: heapUsed + external,
    isRepeated: repeated?.answer === answer,
    isOldestRepeated: after !== undefined,
    answer: answer.length,
    packed,
  }),
);
