/**
 * A process that counts up in a folder, by conditional writes, and tells its parent how many of
 * them were made.
 */
import { FileBucket } from '../../src/bucket/file.js';

const [directory = '', rounds = '0'] = process.argv.slice(2);
const bucket = new FileBucket(directory);
let successes = 0;
for (let i = 0; i < Number(rounds); i++) {
  const reading = await bucket.read('counter');
  const found = reading.kind === 'found';
  const next = found ? Number(Buffer.from(reading.bytes).toString()) + 1 : 1;
  const { kind } = await bucket.write('counter', Buffer.from(`${next}`), {
    contentType: 'text/plain',
    cacheControl: 'no-cache',
    condition: found ? { etag: reading.etag } : 'absent',
  });
  if (kind === 'written') successes++;
}
process.send?.(successes);
process.disconnect();
