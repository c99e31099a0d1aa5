import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  /** What stood in the places of `*` in the route. */
  readonly wildcards: readonly string[];
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent as it is, instead of a body. */
  readonly text?: string;
}

/** `hang_up` ends the connection without an answer; `hold` leaves the request open until the service closes. */
export type Route = (
  request: FakeRequest,
) => FakeAnswer | 'hang_up' | 'hold' | Promise<FakeAnswer | 'hang_up' | 'hold'>;

/** The other end of the wire: answers the given routes over real HTTP and remembers what it was asked. */
export class FakeService {
  readonly requests: FakeRequest[] = [];
  readonly #server: Server;

  private constructor(private readonly routes: Readonly<Record<string, Route>>) {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  // A route is a method and a path, in which `*` stands for one part.
  static async listen(routes: Readonly<Record<string, Route>>): Promise<FakeService> {
    const service = new FakeService(routes);
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests to one path, in order of arrival. */
  to(method: string, path: string): FakeRequest[] {
    return this.requests.filter((request) => request.method === method && request.path === path);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming);
    this.requests.push(request);
    const found = this.#find(request);
    const answer =
      found === null
        ? problem(404, 'not_found')
        : await found.route({ ...request, wildcards: found.wildcards });
    if (answer === 'hold') return;
    if (answer === 'hang_up') return void response.destroy();
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)));
  }

  #find(request: FakeRequest): { route: Route; wildcards: string[] } | null {
    for (const [pattern, route] of Object.entries(this.routes)) {
      const expression = new RegExp(`^${pattern.replaceAll('*', '([^/]+)')}$`);
      const match = expression.exec(`${request.method} ${request.path}`);
      if (match !== null) return { route, wildcards: match.slice(1) };
    }
    return null;
  }
}

export function problem(status: number, code: string, detail = `refused: ${code}`): FakeAnswer {
  const body = {
    type: `urn:${code}`,
    title: code,
    status,
    detail,
    instance: '/',
    code,
    retryable: false,
    errors: [],
  };
  return { status, body };
}

async function read(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(incoming.url ?? '/', 'http://fake');
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: text === '' ? null : JSON.parse(text),
    wildcards: [],
  };
}
