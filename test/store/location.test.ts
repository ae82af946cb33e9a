import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/core/errors.js';
import { parseStoreLocation, storeName } from '../../src/store/open.js';

describe('a store location', () => {
  it.each([
    ['file:./data', { kind: 'file', directory: './data' }],
    ['file:/var/lib/holdfast', { kind: 'file', directory: '/var/lib/holdfast' }],
    ['file:///var/lib/holdfast', { kind: 'file', directory: '/var/lib/holdfast' }],
    [
      'redis://localhost',
      { mode: 'single', nodes: [{ host: 'localhost', port: 6379 }], db: 0, tls: false, wait: 0 },
    ],
    ['redis://h:7000/3?wait=2', { nodes: [{ host: 'h', port: 7000 }], db: 3, wait: 2 }],
    ['redis://[::1]:7000/', { nodes: [{ host: '::1', port: 7000 }], db: 0 }],
    ['rediss://u:p%40%2F@h', { tls: true, username: 'u', password: 'p@/' }],
    ['redis://:secret@h', { password: 'secret' }],
    [
      'redis+sentinel://u:p@a:1,b/main/2?wait=1',
      {
        mode: 'sentinel',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26379 },
        ],
        masterName: 'main',
        db: 2,
        wait: 1,
      },
    ],
    [
      'redis+sentinel://u:p@a/main?sentinel=s%3A:q%26&wait=1',
      { username: 'u', password: 'p', sentinelUsername: 's:', sentinelPassword: 'q&', wait: 1 },
    ],
    ['redis+sentinel://a/main?sentinel=:q', { sentinelPassword: 'q' }],
    ['rediss+sentinel://a/main', { mode: 'sentinel', tls: true, masterName: 'main', db: 0 }],
    [
      'redis+cluster://a:1,b:2',
      {
        mode: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
    ['rediss+cluster://u:p@a', { mode: 'cluster', tls: true, username: 'u' }],
  ])('a store location reads %s', (text, expected) => {
    expect(parseStoreLocation(text)).toMatchObject(expected);
  });

  it.each([
    '',
    './data',
    'file:',
    'file://data',
    'postgres://h',
    'redis:/h',
    'redis://',
    'redis://h:0',
    'redis://h:65536',
    'redis://h:x',
    'redis://a,b',
    'redis://h/name',
    'redis://h/1/2',
    'redis://secret@h',
    'redis://u:secret%@h',
    'redis://h?wait=x',
    'redis://h?timeout=1',
    'redis://h?sentinel=:secret',
    'redis+sentinel://h/main?sentinel=secret',
    'redis+sentinel://h/main?sentinel=:secret&sentinel=:secret',
    'redis+sentinel://h/main?wait=1&',
    'redis+sentinel://h',
    'redis+sentinel://h/',
    'redis+sentinel://h//1',
    'redis+cluster://h/1',
    'redis+magic://h',
  ])('a store location refuses %j, naming the setting and the forms that it may have', (text) => {
    const parse = () => parseStoreLocation(text);
    expect(parse).toThrow(HoldfastError);
    expect(parse).toThrow(
      /^HOLDFAST_STORE .*file:<directory>.*redis:\/\/.*redis\+sentinel:\/\/.*redis\+cluster:\/\//,
    );
    expect(parse).not.toThrow(/secret/);
  });

  it.each([
    ['file:./data', 'file ./data'],
    ['redis://u:secret@127.0.0.1:6379', 'redis 127.0.0.1:6379'],
    ['redis://[::1]/2', 'redis [::1]:6379/2'],
    ['redis+sentinel://:secret@a,b:1/main/3', 'redis sentinel a:26379,b:1/main/3'],
    ['rediss+cluster://u:secret@a:1', 'redis cluster a:1'],
  ])('a store location calls %s %s', (text, name) => {
    expect(storeName(parseStoreLocation(text))).toBe(name);
  });
});
