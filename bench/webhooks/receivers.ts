import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a receiver answers: at once, at once with an error, or never. */
const ANSWERS = {
  healthy: (response: http.ServerResponse) => void response.writeHead(204).end(),
  failing: (response: http.ServerResponse) => void response.writeHead(500).end(),
  hanging: () => undefined,
} as const;
export type ReceiverKind = keyof typeof ANSWERS;

export interface BenchReceivers {
  readonly urls: Readonly<Record<ReceiverKind, string>>;
  close(): Promise<void>;
}

/** One server of each kind on loopback. */
export async function openReceivers(): Promise<BenchReceivers> {
  const [healthy, failing, hanging] = await Promise.all([open('healthy'), open('failing'), open('hanging')]);
  return {
    urls: { healthy: urlOf(healthy), failing: urlOf(failing), hanging: urlOf(hanging) },
    close: async () => {
      for (const server of [healthy, failing, hanging]) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}

async function open(kind: ReceiverKind): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => ANSWERS[kind](response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: http.Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
}
