import { describe, expect, it } from 'vitest';
import { serveArguments } from '../../src/cli/serve-arguments.js';

describe('a command line that only serves', () => {
  for (const [argv, source] of [
    [[], undefined],
    [['serve'], undefined],
    [['serve', '--source', 'file:a,file:b'], 'file:a,file:b'],
    [['serve', '--source=file:a'], 'file:a'],
  ] as const) {
    it(`a command line that only serves is "${argv.join(' ')}"`, () =>
      expect(serveArguments(argv)).toEqual({ source }));
  }

  for (const argv of [
    ['--help'],
    ['belt'],
    ['serve', '--help'],
    ['serve', '--source'],
    ['serve', '--source='],
    ['serve', '--source', '--help'],
    ['serve', '--source', 'file:a', 'more'],
    ['serve', '--source=file:a', 'more'],
    ['serve', 'more'],
  ]) {
    it(`a command line that only serves is not "${argv.join(' ')}", which is for the reader of all commands`, () =>
      expect(serveArguments(argv)).toBeUndefined());
  }
});
