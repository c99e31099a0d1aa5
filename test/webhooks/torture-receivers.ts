import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

const GIBIBYTE = 1_073_741_824;
const DRIP_EVERY_MS = 10;

/** One request as it arrived. */
export interface Arrival {
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answering {
  readonly response: http.ServerResponse;
  readonly socket: Socket;
  /** How often this message has come here, this time included. */
  readonly nth: number;
}

/** Everything a receiver of webhooks can do to its sender. */
export const MISBEHAVIOURS = {
  answers_200: ({ response }) => void response.writeHead(200).end(),
  answers_500: ({ response }) => void response.writeHead(500).end('no'),
  answers_301: ({ response }) => void response.writeHead(301, { location: 'http://127.0.0.1:1/' }).end(),
  answers_410: ({ response }) => void response.writeHead(410).end(),
  answers_429: ({ response }) => void response.writeHead(429, { 'retry-after': '2' }).end(),
  recovers: ({ response, nth }) => void response.writeHead(nth === 1 ? 503 : 204).end(),
  resets: ({ socket }) => void socket.resetAndDestroy(),
  is_no_http: ({ socket }) => void socket.end('220 mail.example ESMTP\r\n'),
  streams_1_gib: ({ response }) => {
    response.writeHead(200, { 'content-length': GIBIBYTE });
    const flood = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
    };
    response.on('drain', flood);
    flood();
  },
  never_answers: () => undefined,
  drips_headers: ({ response, socket }) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    drip(response, () => socket.write('X'));
  },
  drips_body: ({ response }) => {
    response.writeHead(200);
    drip(response, () => response.write('x'));
  },
} as const satisfies Record<string, (answering: Answering) => void>;
export type Misbehaviour = keyof typeof MISBEHAVIOURS;

function drip(response: http.ServerResponse, write: () => unknown): void {
  const timer = setInterval(write, DRIP_EVERY_MS);
  response.on('close', () => clearInterval(timer));
}

/** A receiver on loopback that does one thing to whatever it is sent, and keeps it. */
export interface TortureReceiver {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  close(): Promise<void>;
}

export async function openTortureReceiver(misbehaviour: Misbehaviour): Promise<TortureReceiver> {
  const arrivals: Arrival[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      arrivals.push({ atMs: Date.now(), headers, body: Buffer.concat(chunks).toString('utf8') });
      const nth = arrivals.filter((one) => one.headers['webhook-id'] === headers['webhook-id']).length;
      MISBEHAVIOURS[misbehaviour]({ response, socket: request.socket, nth });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}/hook`,
    arrivals,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
