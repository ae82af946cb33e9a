/**
 * examples/terraform, by Terraform's own grammar and by the names that the provider documents.
 * `terraform validate` itself needs the provider, which comes from a registry that tests do not
 * reach.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

/** Not imported: its declarations bring those of a page with them, for the whole project. */
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as {
  parse: (name: string, text: string) => Promise<unknown>;
};

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

type Block = Record<string, unknown>;

/**
 * The arguments that the example may use, with those that must be there, as the documents of
 * fastly/fastly 9 have them: docs/resources/service_compute.md and
 * docs/data-sources/package_hash.md.
 */
const SERVICE: Record<string, { required: string[]; optional: string[] }> = {
  domain: { required: ['name'], optional: ['comment'] },
  backend: {
    required: ['name', 'address'],
    optional: [
      'between_bytes_timeout',
      'connect_timeout',
      'error_threshold',
      'first_byte_timeout',
      'healthcheck',
      'keepalive_time',
      'max_conn',
      'override_host',
      'port',
      'ssl_cert_hostname',
      'ssl_check_cert',
      'ssl_sni_hostname',
      'use_ssl',
    ],
  },
  healthcheck: {
    required: ['name', 'host', 'path'],
    optional: [
      'check_interval',
      'expected_response',
      'http_version',
      'initial',
      'method',
      'threshold',
      'timeout',
      'window',
    ],
  },
  package: { required: [], optional: ['filename', 'source_code_hash'] },
  product_enablement: { required: [], optional: ['fanout', 'name', 'websockets'] },
};
const SERVICE_ARGUMENTS = ['name', 'activate', 'comment', 'force_destroy'];

let config: Record<string, Record<string, Record<string, Block[]>>>;
let service: Block;

beforeAll(async () => {
  config = (await parse('main.tf', read('examples/terraform/main.tf'))) as typeof config;
  service = config.resource!.fastly_service_compute!.holdfast![0]!;
});

const blocks = (name: string) => service[name] as Block[];

describe('the Terraform example', () => {
  it('the Terraform example has no argument or block that the provider does not document, and all that it requires', () => {
    expect(service).toHaveProperty('name');
    const known = [...SERVICE_ARGUMENTS, ...Object.keys(SERVICE)];
    expect(Object.keys(service).filter((name) => !known.includes(name))).toEqual([]);
    for (const [name, { required, optional }] of Object.entries(SERVICE)) {
      for (const block of blocks(name)) {
        expect(Object.keys(block).filter((key) => ![...required, ...optional].includes(key))).toEqual([]);
        for (const key of required) expect(block).toHaveProperty(key);
      }
    }
    expect(Object.keys(config.data!.fastly_package_hash!.edge![0]!)).toEqual(['filename']);
  });

  it('names only variables, data and resources that it declares', () => {
    const text = read('examples/terraform/main.tf').replace(/#.*$/gm, '');
    const used = [...text.matchAll(/\b(var|data|fastly_service_compute)\.([\w.]+)/g)];
    const declared = Object.keys(config.variable!);
    for (const [, kind, path = ''] of used) {
      if (kind === 'var') expect(declared).toContain(path);
      if (kind === 'data') expect(path).toBe('fastly_package_hash.edge.hash');
      if (kind === 'fastly_service_compute') expect(path).toBe('holdfast.id');
    }
    expect(used.length).toBeGreaterThan(5);
  });

  it('the Terraform example has the backend that the program hands over to, and Fanout', () => {
    const [, name] = /BACKEND = '(\w+)'/.exec(read('edge/src/main.ts'))!;
    expect(blocks('backend')).toHaveLength(1);
    expect(blocks('backend')[0]).toMatchObject({ name, port: 443, use_ssl: true });
    expect(blocks('backend')[0]).toMatchObject({ healthcheck: blocks('healthcheck')[0]!.name });
    expect(blocks('product_enablement')).toEqual([{ fanout: true }]);
  });
});

describe('fastly.toml', () => {
  it('fastly.toml has that backend too, for a new service and for one on this machine, and Fanout', () => {
    const toml = read('edge/fastly.toml');
    const [, name] = /BACKEND = '(\w+)'/.exec(read('edge/src/main.ts'))!;
    for (const section of [
      `setup.backends.${name}`,
      `local_server.backends.${name}`,
      'setup.products.fanout',
      'local_server.pushpin',
    ])
      expect(toml).toMatch(new RegExp(`^\\[${section.replaceAll('.', '\\.')}\\]$`, 'm'));
    expect(toml).toMatch(/^language = "javascript"$/m);
  });
});
