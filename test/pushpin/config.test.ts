import { describe, expect, it } from 'vitest';
import { parseGripUrl } from '../../src/grip/proxies.js';
import {
  isLegacy,
  optionOf,
  privateInternalConfig,
  pushpinConfig,
  pushpinRoutes,
  shippedConfig,
  withOptions,
} from '../support/pushpin-config.js';

/**
 * The values that Pushpin 1.41 ships, of the options that pushpin.conf sets. Absent: not in that
 * file.
 */
const SHIPPED: Readonly<Record<string, string>> = {
  include: '{libdir}/internal.conf',
  rundir: 'run',
  services: 'connmgr,proxy,handler',
  http_port: '7999',
  logdir: 'log',
  log_level: '2',
  client_maxconn: '50000',
  routesfile: 'routes',
  set_x_forwarded_protocol: 'proto-only',
  sig_iss: 'pushpin',
  sig_key: 'changeme',
  push_in_http_addr: '127.0.0.1',
  push_in_http_port: '5561',
  push_in_http_max_body_size: '1000000',
  message_rate: '2500',
  message_hwm: '25000',
  message_wait: '5000',
  id_cache_ttl: '60',
};

const place = {
  dir: '/tmp/p',
  httpPort: 1,
  publishPort: 2,
  metricsPort: 3,
  version: 'pushpin 1.36.0',
  sigKey: 'k',
};
const settings = (text: string) => text.split('\n').filter((line) => /^[a-z]/.test(line));
const number = (name: string) => Number(optionOf(shippedConfig(), `handler.${name}`));

describe('pushpin.conf', () => {
  it('gives the reason above each line that differs from what Pushpin ships', () => {
    const lines = shippedConfig().split('\n');
    const unexplained = lines.filter((line, index) => {
      const [name = '', value] = line.split('=');
      if (!/^[a-z]/.test(line) || SHIPPED[name] === value) return false;
      // The second name of the body limit shares the comment of the first.
      const above = name === 'push_in_max_body_size' ? lines[index - 2] : lines[index - 1];
      return above?.startsWith('#') !== true;
    });
    expect(unexplained).toEqual([]);
  });

  it('contains no key', () => {
    expect(optionOf(shippedConfig(), 'proxy.sig_key')).toMatch(/^file:\/run\//);
  });

  it('accepts each batch that Holdfast sends to a proxy that you host', () => {
    const { maxBody } = parseGripUrl('http://pushpin:5561/?iss=pushpin&key=k');
    expect(number('push_in_http_max_body_size')).toBeGreaterThan(maxBody);
  });

  it('pushpin.conf has the body limit under both of its names', () => {
    expect(number('push_in_max_body_size')).toBe(number('push_in_http_max_body_size'));
  });

  it('lets ten changes to all connections wait', () => {
    const connections = Number(optionOf(shippedConfig(), 'runner.client_maxconn'));
    expect(number('message_hwm')).toBe(10 * connections);
  });
});

describe('the configuration of a private Pushpin', () => {
  it('the configuration of a private Pushpin differs from pushpin.conf in ports, folders, key and the names of 1.36 only', () => {
    const own = new Set(settings(pushpinConfig(place)));
    const changed = settings(shippedConfig()).filter((line) => !own.has(line));
    expect(changed.map((line) => line.split('=')[0])).toEqual([
      'include',
      'rundir',
      'services',
      'http_port',
      'logdir',
      'sig_key',
      'push_in_http_addr',
      'push_in_http_port',
      'prometheus_port',
    ]);
  });

  it('the configuration of a private Pushpin keeps the services of the image from 1.40 on', () => {
    const text = pushpinConfig({ ...place, version: 'pushpin 1.40.1' });
    expect(optionOf(text, 'runner.services')).toBe('connmgr,proxy,handler');
    expect(optionOf(text, 'global.include')).toBe('{libdir}/internal.conf');
  });

  it.each([
    ['pushpin 1.36.0', true],
    ['pushpin 1.39.1', true],
    ['pushpin 1.40.0', false],
    ['pushpin 2.0.0', false],
  ])('the configuration of a private Pushpin knows that %s is legacy: %s', (version, legacy) => {
    expect(isLegacy(version)).toBe(legacy);
  });

  it('the configuration of a private Pushpin sets an option in its own section, once', () => {
    const text = '[proxy]\nlevel=1\n\n[handler]\nrate=2';
    expect(withOptions(text, { 'handler.level': 3 })).toBe('[proxy]\nlevel=1\n\n[handler]\nlevel=3\nrate=2');
    expect(withOptions(text, { 'handler.rate': 3 })).toBe('[proxy]\nlevel=1\n\n[handler]\nrate=3');
  });

  it('the configuration of a private Pushpin refuses an option of a section that does not exist', () => {
    expect(() => withOptions('[proxy]', { 'hander.rate': 3 })).toThrow('[hander]');
  });

  it('the configuration of a private Pushpin routes what clients may reach to the given nodes, in their order', () => {
    const lines = pushpinRoutes(['127.0.0.1:1', '127.0.0.1:2']).split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      '*,path_beg=/api/ 127.0.0.1:1 127.0.0.1:2',
      '*,path_beg=/ofrep/ 127.0.0.1:1 127.0.0.1:2',
    ]);
  });

  it('the configuration of a private Pushpin moves the sockets of Zurl into its own folder', () => {
    expect(privateInternalConfig('zurl_in_specs=ipc:///var/run/zurl/zurl-out')).toBe(
      'zurl_in_specs=ipc://{rundir}/{ipc_prefix}zurl-out',
    );
  });
});
