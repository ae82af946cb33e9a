import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsError } from '../../src/config/option.js';
import { HoldfastError } from '../../src/core/errors.js';
import { VERSION } from '../../src/core/version.js';
import { FakeServer, refuse } from './fake-server.js';
import { credentials, run } from './run.js';

let server: FakeServer;
beforeEach(async () => {
  server = await FakeServer.start();
});
afterEach(() => server.stop());

describe('serve', () => {
  it.each([[[]], [['serve']]])('runs for the arguments %j', async (argv) => {
    let served = 0;
    const { code } = await run(argv, {
      serve: async () => {
        served++;
      },
    });
    expect({ code, served }).toEqual({ code: 0, served: 1 });
  });

  it('exits with 2 and all problems when the settings are wrong', async () => {
    const serve = () => Promise.reject(new SettingsError(['PORT must be a port.', 'HOST must be a host.']));
    const { code, err } = await run([], { serve });
    expect(code).toBe(2);
    expect(err).toBe(
      'holdfast: Holdfast cannot start with these settings:\n- PORT must be a port.\n- HOST must be a host.\n',
    );
  });

  it('exits with 1 and one line when it fails', async () => {
    const error = new HoldfastError('store_unavailable', 'The store\ncannot be reached.');
    const { code, err } = await run(['serve'], { serve: () => Promise.reject(error) });
    expect({ code, err }).toEqual({ code: 1, err: 'holdfast: The store cannot be reached.\n' });
  });
});

describe('help', () => {
  it('lists the commands and no settings, and exits with 0', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of ['serve', 'import', 'set', 'delete', 'show', 'keys', 'tail']) {
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    }
    expect(out).not.toContain('HOLDFAST_STALENESS');
  });

  it('help settings lists the settings', async () => {
    const { code, out } = await run(['help', 'settings']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}HOLDFAST_STALENESS +60/m);
  });

  it('help COMMAND prints the help of that command, of two words too', async () => {
    expect((await run(['help', 'keys', 'create'])).out).toBe((await run(['keys', 'create', '--help'])).out);
    expect((await run(['help'])).out).toBe((await run(['--help'])).out);
  });

  it('help on what does not exist names what was meant', async () => {
    expect(await run(['help', 'setting'])).toMatchObject({
      code: 2,
      err: 'holdfast: There is no help on "setting". Did you mean settings?\n',
    });
  });

  it.each([['--version'], ['version'], ['-V']])('%s prints the version', async (argument) => {
    expect(await run([argument])).toMatchObject({ code: 0, out: `${VERSION}\n` });
  });

  it.each([[['--help']], [['set', '--help']], [['tail', '--help']], [['keys', 'create', '--help']]])(
    'help never shows a value of the environment: %j',
    async (argv) => {
      const secrets = ['SECRET', 'ADMIN_TOKEN', 'API_KEY', 'URL', 'STORE'].map((name) => [
        `HOLDFAST_${name}`,
        `http://leaked-${name}`,
      ]);
      const { out } = await run(argv, { env: Object.fromEntries(secrets) });
      expect(out).toContain('Usage: holdfast');
      expect(out).not.toContain('leaked');
    },
  );
});

describe('usage errors exit with 2 and ask nothing of the server', () => {
  it.each([
    [['sett', 'a', 'b'], /unknown command 'sett'/],
    [['set', 'a'], /missing required argument 'value'/],
    [['set', 'a', 'b', '--typ', 'int'], /unknown option '--typ'/],
    [['set', 'a', 'b', '--type', 'number'], /Allowed choices are bool, int/],
    [
      ['set', 'a', '12x', '--type', 'int', '--create'],
      /VALUE must be a whole number of 64 bits for the type INT/,
    ],
    [['keys', 'create', '--kind', 'root'], /Allowed choices are server, client/],
    [['show', '--environment', ' '], /--environment .* must be the number or name of an environment/],
    [['show', '--environment', '0'], /--environment .* must be the number of an environment/],
    [
      ['environments', 'put', '0', '--project', '1', '--name', 'x'],
      /<environment> must be the number of an environment/,
    ],
    [['show', '--url', 'localhost:8080'], /--url .* must be a URL/],
    [['import', '/no/such/file'], /Cannot read \/no\/such\/file/],
  ])('%j', async (argv, message) => {
    const { code, err, out } = await run(argv, { env: credentials(server) });
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(server.seen.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it.each([
    [['set', 'a', 'true'], 'This needs the admin token: give --token or set HOLDFAST_ADMIN_TOKEN.'],
    [['delete', 'a'], 'This needs the admin token: give --token or set HOLDFAST_ADMIN_TOKEN.'],
    [['keys', 'list'], 'This needs the admin token: give --token or set HOLDFAST_ADMIN_TOKEN.'],
    [['show'], 'This needs an API key: give --key or set HOLDFAST_API_KEY.'],
    [['tail'], 'This needs an API key: give --key or set HOLDFAST_API_KEY.'],
  ])('%j without a credential', async (argv, message) => {
    const { code, err } = await run([...argv, '--url', server.url]);
    expect({ code, err, seen: server.seen }).toEqual({ code: 2, err: `holdfast: ${message}\n`, seen: [] });
  });
});

describe('a request that fails', () => {
  it("a request that fails prints the server's sentence on one line and exits with 1", async () => {
    server.intercepts.push((_seen, response) => {
      refuse(response, 400, 'key_empty', 'configs[0].key: must\nnot be \u001b[31mempty.');
      return true;
    });
    const { code, err } = await run(['show'], { env: credentials(server) });
    expect({ code, err }).toEqual({
      code: 1,
      err: 'holdfast: configs[0].key: must not be \ufffd[31mempty.\n',
    });
  });

  it('a request that fails is not repeated when the server refuses it', async () => {
    const { code } = await run(['show', '--token', 'wrong'], { env: credentials(server) });
    expect(code).toBe(1);
    expect(server.seen).toHaveLength(1);
  });

  it.each([502, 503, 504])('a request that fails is repeated on %i, with growing delays', async (status) => {
    const down = (_seen: unknown, response: Parameters<typeof refuse>[0]) => {
      refuse(response, status, 'store_unavailable', 'The store is unavailable.');
      return true;
    };
    server.intercepts.push(down, down, down);
    const { code, slept } = await run(['show'], { env: credentials(server) });
    expect({ code, slept }).toEqual({ code: 0, slept: [188, 375, 750] });
  });

  it('a request that fails waits as long as the server asks', async () => {
    server.intercepts.push((_seen, response) => {
      response.writeHead(503, { 'retry-after': '3' }).end();
      return true;
    });
    const { slept } = await run(['show'], { env: credentials(server) });
    expect(slept).toEqual([3000]);
  });

  it('a request that fails ends after four attempts with the last answer', async () => {
    const down = (_seen: unknown, response: Parameters<typeof refuse>[0]) => {
      refuse(response, 503, 'store_unavailable', 'The store is unavailable.');
      return true;
    };
    server.intercepts.push(down, down, down, down);
    const { code, err } = await run(['show'], { env: credentials(server) });
    expect({ code, err, requests: server.seen.length }).toEqual({
      code: 1,
      err: 'holdfast: The store is unavailable.\n',
      requests: 4,
    });
  });

  it('a request that fails says so when there is no server', async () => {
    const { url } = server;
    await server.stop();
    const { code, err } = await run(['show', '--key', 'k'], { env: { HOLDFAST_URL: url } });
    expect(code).toBe(1);
    expect(err).toMatch(/^holdfast: Cannot reach http:\/\/127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*\)\. .*\n$/);
    expect(err).not.toMatch(/\n./);
  });

  it('a request that fails says so when something else than Holdfast answers', async () => {
    server.intercepts.push((_seen, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      return true;
    });
    const { code, err } = await run(['show'], { env: credentials(server) });
    expect(code).toBe(1);
    expect(err).toMatch(/answered something that is not JSON\. Is it Holdfast\?\n$/);
  });
});

describe('a change whose answer is lost', () => {
  it('a change whose answer is lost is sent again under the same Idempotency-Key and happens once', async () => {
    server.put({ key: 'flag.a', configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [] });
    const before = server.version;
    server.intercepts.push(
      () => false,
      (_seen, response) => {
        // The server does its work, and the connection breaks before the answer.
        response.end = () => response.destroy();
        return false;
      },
    );
    const { code, out } = await run(['set', 'flag.a', 'true'], { env: credentials(server) });
    const keys = server.seen
      .map(({ headers }) => headers['idempotency-key'])
      .filter((key) => key !== undefined);
    expect(code).toBe(0);
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0]]);
    expect(server.version).toBe(before + 1n);
    expect(out).toContain(`version ${before + 1n}`);
  });
});
