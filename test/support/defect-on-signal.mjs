/** Loaded into a node with `--import`: a defect at SIGUSR2, of the kind that DEFECT names. */
import process from 'node:process';

process.on('SIGUSR2', () => {
  if (process.env.DEFECT === 'rejection') void Promise.reject(new Error('a defect of the test'));
  else throw new Error('a defect of the test');
});
