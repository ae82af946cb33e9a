/** The ports of a process: one for all, or one for clients and one for operators. */
import type { RequestListener, Server } from 'node:http';
import { openFilesLimit } from '../core/open-files.js';
import { boundConnections, connectionBounds, type CutReason } from './connections.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import { closeServer, closingAnswers, listen, reachable, type Address } from './listen.js';
import { createHttpServer } from './server.js';

/** The applications of a process, by the port that they are for. */
export interface PortApps {
  /** Every route. */
  readonly app: RequestListener;
  /** The routes of clients, for their port where operators have one of their own. */
  readonly clientApp: RequestListener;
  /** Called for each connection that is cut. */
  readonly onCut?: (port: PortName, reason: CutReason) => void;
}

/** The ports, as metrics name them. */
export type PortName = 'clients' | 'operators';

/** Builds the function that counts connections which a port cuts. */
export function cutCounter({ connectionsCut }: ProcessMetrics): NonNullable<PortApps['onCut']> {
  return (port, reason) => connectionsCut.inc({ port, reason });
}

/** The settings of ports. */
export interface PortSettings extends Address {
  /** `undefined`: one port for all. */
  readonly adminPort: number | undefined;
  /** `undefined`: the host of the clients' port. */
  readonly adminHost: string | undefined;
}

/** The open ports of a process. */
export interface OpenPorts {
  /** The URL at which clients on this machine reach it. */
  readonly url: string;
  /** The URL at which operators on this machine reach it; the same with one port. */
  readonly adminUrl: string;
  /** Makes each later answer close its connection. */
  readonly closeAfterAnswers: () => void;
  /** Stops accepting connections; resolves when all are closed. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the ports that the settings name. When one cannot be opened, none stays open.
 *
 * @throws HoldfastError `field_invalid` when an address cannot be used
 */
export async function openPorts(apps: PortApps, settings: PortSettings): Promise<OpenPorts> {
  const { app, clientApp, onCut = () => undefined } = apps;
  const { port, host, adminPort, adminHost = host } = settings;
  const bounds = connectionBounds(openFilesLimit(), adminPort !== undefined);
  const serverOf = (name: PortName, listener: RequestListener): Server => {
    const server = createHttpServer(listener);
    boundConnections(server, bounds[name], (reason) => onCut(name, reason));
    return server;
  };
  const clientServer = serverOf('clients', adminPort === undefined ? app : clientApp);
  const clients = await open(clientServer, { host, port }, 'PORT');
  if (adminPort === undefined) return { ...clients, adminUrl: clients.url };
  const place = { host: adminHost, port: adminPort };
  const admin = await open(serverOf('operators', app), place, 'HOLDFAST_ADMIN_PORT').catch(
    async (error: unknown) => {
      await clients.close();
      throw error;
    },
  );
  return {
    url: clients.url,
    adminUrl: admin.url,
    closeAfterAnswers: () => {
      clients.closeAfterAnswers();
      admin.closeAfterAnswers();
    },
    close: async () => {
      await Promise.all([clients.close(), admin.close()]);
    },
  };
}

async function open(server: Server, address: Address, setting: string): Promise<Omit<OpenPorts, 'adminUrl'>> {
  const closeAfterAnswers = closingAnswers(server);
  const port = await listen(server, address, setting);
  const url = `http://${reachable(address.host)}:${port}`;
  return { url, closeAfterAnswers, close: () => closeServer(server) };
}
