/**
 * The steps of scripts/setup.mjs, run by Node as the scripts run them, with programs of our own on
 * PATH.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const setup = join(import.meta.dirname, '../../scripts/setup.mjs');
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hf-setup-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Puts a shell script on the PATH of `run`. */
function program(name: string, body = 'exit 0'): void {
  writeFileSync(join(dir, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(dir, name), 0o755);
}

/**
 * An apt-get that notes how it was called and, on `install`, puts the named programs into place.
 */
function apt(version: string, installs: boolean): void {
  symlinkSync('/usr/bin/env', join(dir, 'env'));
  // For those who do not run the tests as root.
  program('sudo', 'shift; exec "$@"');
  const place = `for name in "$@"; do case $name in
    pushpin) printf '#!/bin/sh\\necho pushpin ${version}\\n' > ${dir}/pushpin;;
    redis-server|condure|zurl|python3|chromium) printf '#!/bin/sh\\n' > ${dir}/$name;;
    varnish) name=varnishd; printf '#!/bin/sh\\n' > ${dir}/$name;;
    *) continue;; esac; /bin/chmod 755 ${dir}/$name; done`;
  const work = installs ? `case "$*" in *install*) ${place};; esac` : 'exit 100';
  program('apt-get', `echo "$DEBIAN_FRONTEND $*" >> ${dir}/calls\n${work}`);
}

function calls(): string[] {
  const file = join(dir, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function run(step: string): { code: number | null; output: string } {
  const program = `import * as setup from ${JSON.stringify(setup)}; setup.setUp(${step});`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: dir },
    encoding: 'utf8',
  });
  return { code: status, output: stderr };
}

describe('the check of Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '25.1.0'])('the check of Node accepts %s', (version) => {
    expect(run(`() => setup.checkNode('${version}')`)).toEqual({ code: 0, output: '' });
  });

  it.each(['20.18.3', '18.20.0'])('the check of Node refuses %s with one sentence', (version) => {
    const { code, output } = run(`() => setup.checkNode('${version}')`);
    expect(code).toBe(1);
    expect(output.trim()).toMatch(
      new RegExp(`^Holdfast needs Node 20.19 or newer; this is Node ${version}\\..*$`),
    );
  });
});

describe('the servers that tests need', () => {
  it('the servers that tests need are left alone when all are there', () => {
    apt('1.36.0', true);
    for (const name of ['redis-server', 'condure', 'zurl']) program(name);
    program('pushpin', 'echo pushpin 1.36.0');
    expect(run('setup.installServers')).toEqual({ code: 0, output: '' });
    expect(calls()).toEqual([]);
  });

  it('the servers that tests need are installed with apt-get, without questions and without what is only recommended', () => {
    apt('1.36.0', true);
    for (const name of ['condure', 'zurl']) program(name);
    expect(run('setup.installServers').code).toBe(0);
    expect(calls()).toEqual([
      'noninteractive -q update',
      'noninteractive -q install -y --no-install-recommends redis-server pushpin',
    ]);
  });

  it('the servers that tests need include the programs that a Pushpin before 1.40 needs', () => {
    apt('1.36.0', true);
    program('redis-server');
    expect(run('setup.installServers').code).toBe(0);
    expect(calls().at(-1)).toMatch(/install .* condure zurl$/);
  });

  it('the servers that tests need need no program next to a Pushpin from 1.40 on', () => {
    apt('1.40.1', true);
    expect(run('setup.installServers').code).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  it('the servers that tests need include other programs that are named', () => {
    apt('1.40.1', true);
    for (const name of ['redis-server', 'pushpin']) program(name, 'echo pushpin 1.40.1');
    expect(run("() => setup.installServers('python3')").code).toBe(0);
    expect(calls().at(-1)).toMatch(/install .* python3$/);
  });

  it('the servers that tests need include a program whose package has another name', () => {
    apt('1.40.1', true);
    for (const name of ['redis-server', 'pushpin']) program(name, 'echo pushpin 1.40.1');
    expect(run("() => setup.installServers('varnishd')").code).toBe(0);
    expect(calls().at(-1)).toMatch(/install .* varnish$/);
  });

  it('the servers that tests need are looked for where only root has them on the PATH, too', () => {
    const step = '() => { setup.lookWhereServersAre(); console.error(process.env.PATH); }';
    expect(run(step).output.trim()).toBe(`${dir}:/usr/sbin:/usr/local/sbin`);
  });

  it('the servers that tests need include a browser for the tests, and for nothing else', () => {
    const steps = ['test', 'run', 'start'].map((name) => {
      const script = readFileSync(join(import.meta.dirname, `../../scripts/${name}.mjs`), 'utf8');
      expect(script).toMatch(/^setUp\([^;]*\);$/m);
      return [name, script.includes("'chromium'")];
    });
    expect(steps).toEqual([
      ['test', true],
      ['run', false],
      ['start', false],
    ]);
    apt('1.40.1', true);
    for (const name of ['redis-server', 'pushpin']) program(name, 'echo pushpin 1.40.1');
    expect(run("() => setup.installServers('chromium')").code).toBe(0);
    expect(calls().at(-1)).toMatch(/install .* chromium$/);
  });

  it.each([
    ['there is no apt-get', () => program('redis-server')],
    ['apt-get fails', () => apt('1.36.0', false)],
  ])('the servers that tests need are named, with how to install them, when %s', (_case, prepare) => {
    prepare();
    const { code, output } = run('setup.installServers');
    expect(code).toBe(1);
    expect(output).toMatch(/Missing: .*pushpin/);
    expect(output).toContain('apt-get install');
    expect(output).toContain('brew install');
  });
});
