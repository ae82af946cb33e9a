/**
 * A load generator on raw sockets: it costs a tenth of what it measures, which an HTTP client of
 * Node would not.
 */
import { connect, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';

/** Returns the processor time of a process and its children until now, milliseconds. */
export function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // Behind the name, which may have spaces: state is the first field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  const below =
    children === '' ? 0 : children.split(' ').reduce((sum, id) => sum + processorTime(Number(id)), 0);
  return (Number(fields[11]) + Number(fields[12])) * 10 + below;
}

/** Writes a request with a body. */
export function requestText(
  port: number,
  line: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): string {
  const all = {
    Host: `127.0.0.1:${port}`,
    ...headers,
    ...(body !== '' && { 'Content-Length': `${body.length}` }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`${line} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/**
 * Makes that many requests over that many connections; each must be answered with success and a
 * length. Resolves to the milliseconds that each took.
 */
export async function makeRequests(
  port: number,
  count: number,
  connections: number,
  next: () => string,
): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let seen = '';
      let began = 0;
      const ask = (): void => {
        began = performance.now();
        if (left-- > 0) socket.write(next());
        else socket.end(() => resolve());
      };
      socket.on('connect', ask);
      socket.on('error', reject);
      socket.on('data', (bytes) => {
        seen += bytes.toString('latin1');
        const head = seen.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = /\r\ncontent-length: (\d+)/i.exec(seen.slice(0, head))?.[1];
        if (seen.slice(9, 12) !== '200' || length === undefined) {
          reject(new Error(`an answer without success or length: ${seen.slice(0, 300)}`));
          socket.destroy();
        } else if (seen.length >= head + 4 + Number(length)) {
          seen = '';
          times.push(performance.now() - began);
          ask();
        }
      });
    });
  await Promise.all(Array.from({ length: connections }, lane));
  return times;
}

/** Subscribers that are open. */
export interface OpenStreams {
  /** Resolves to when the last of them has received the text, by `performance.now`. */
  reached(text: string): Promise<number>;
  close(): void;
}

/** With more at a time some servers refuse connections. */
const AT_ONCE = 50;

/** Opens that many subscriptions. */
export async function openStreams(port: number, count: number, request: string): Promise<OpenStreams> {
  const sockets: Socket[] = [];
  let awaited: { text: string; left: number; done: (at: number) => void } | undefined;
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let tail = '';
      let isOpen = false;
      socket.on('connect', () => socket.write(request));
      socket.on('error', reject);
      socket.on('data', (bytes) => {
        tail += bytes.toString('latin1');
        if (!isOpen) {
          isOpen = true;
          if (tail.slice(9, 12) === '200') resolve();
          else reject(new Error(`no stream, but ${tail.slice(0, 300)}`));
        }
        if (awaited === undefined || !tail.includes(awaited.text)) {
          tail = tail.slice(-512);
          return;
        }
        tail = '';
        awaited.left--;
        if (awaited.left === 0) awaited.done(performance.now());
      });
      sockets.push(socket);
    });
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await open();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return {
    reached: (text) => new Promise((done) => (awaited = { text, left: count, done })),
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}
