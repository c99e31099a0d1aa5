import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

interface ReceivedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Behaviour = (response: http.ServerResponse, request: ReceivedRequest, nth: number) => void;

/** A webhook receiver on loopback that does to every request what it was told, and keeps what it was sent. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly ReceivedRequest[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export const answers =
  (status: number, headers: Record<string, string> = {}, body = ''): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end(body);

export async function openReceiver(host = '127.0.0.1', port = 0): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  let behaviour: Behaviour = answers(200);
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
      );
      const request = { headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      behaviour(response, request, requests.length);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}/hook`,
    port: address.port,
    requests,
    behave: (next) => {
      behaviour = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
