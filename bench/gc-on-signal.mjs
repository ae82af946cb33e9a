/** Loaded into a node with `--import`: collects garbage at SIGUSR2 and says so, so that memory can be measured without it. */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => {
  collect();
  console.log('{"msg":"garbage collected"}');
});
