import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { USER_AGENT, VERSION } from '../../src/core/version.js';

describe('the version', () => {
  it('the version is that of package.json, and User-Agent names it', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect([VERSION, USER_AGENT]).toEqual([version, `holdfast/${version}`]);
  });
});
