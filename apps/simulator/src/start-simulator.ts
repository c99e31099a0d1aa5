import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './api-error.js';
import { findModel, MODELS, OUTPUT_TOKENS_MAX, WINDOW_TOKENS, type ModelTraits } from './domain/models.js';
import { simulatorScriptSchema, type SimulatorScript } from './script.js';
import { sendError, sendJson, sendMessage } from './send-message.js';
import { Simulation, type RecordedRequest } from './simulation.js';

export interface SimulatorOptions {
  /** 0, the default, picks a free one. */
  readonly port?: number;
  /** Loopback unless told otherwise: the simulator takes any key. */
  readonly host?: string;
  readonly script?: SimulatorScript;
  /** Milliseconds; the cache's entries live by it. */
  readonly clock?: () => number;
}

export interface Simulator {
  /** The SDK's `baseURL`. */
  readonly url: string;
  /** The latest message requests, oldest first; tokens counted alone are not among them. */
  requests(): readonly RecordedRequest[];
  /** Breaks off what is still open, stalled answers too. */
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 32 * 1_024 * 1_024;

/** Starts a Messages API that answers by policy instead of by a model. Throws when the script or the port does not fit. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const script = simulatorScriptSchema.parse(options.script ?? {});
  const simulation = new Simulation(script, options.clock ?? Date.now);
  const closing = new AbortController();
  const server = createServer((request, response) => {
    const latency = () => delay(script.latency_ms, undefined, { signal: closing.signal });
    void answer({ request, response, simulation, latency });
  });
  const host = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  return {
    url: urlOf(server, host),
    requests: () => simulation.requests(),
    close: async () => {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly simulation: Simulation;
  /** Passes when the answer may begin; rejects when the simulator is closed first. */
  readonly latency: () => Promise<void>;
}

/** Nothing that a client sends ends the process: a defect of the simulator answers 500, a client that left is let go. */
async function answer(visit: Visit): Promise<void> {
  const { response } = visit;
  const requestId = `req_${randomUUID().replaceAll('-', '')}`;
  response.setHeader('request-id', requestId);
  try {
    await route(visit, requestId);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else
      sendError(
        error instanceof ApiError ? error : new ApiError('api_error', String(error)),
        response,
        requestId,
      );
  }
}

async function route(visit: Visit, requestId: string): Promise<void> {
  const { request, response, simulation, latency } = visit;
  const apiKey = checkedKey(request);
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const endpoint = `${request.method ?? ''} ${pathname}`;
  if (endpoint === 'POST /v1/messages') {
    const exchange = simulation.exchange(await readBody(request), apiKey);
    await latency();
    sendMessage(exchange, response, requestId);
  } else if (endpoint === 'POST /v1/messages/count_tokens') {
    const inputTokens = simulation.countTokens(await readBody(request));
    sendJson(response, 200, JSON.stringify({ input_tokens: inputTokens }));
  } else if (endpoint === 'GET /v1/models') sendJson(response, 200, JSON.stringify(modelsPage()));
  else sendJson(response, 200, JSON.stringify(modelBody(modelAt(endpoint))));
}

function modelAt(endpoint: string): ModelTraits {
  const model = findModel(endpoint.replace('GET /v1/models/', ''));
  if (model === undefined) throw new ApiError('not_found_error', endpoint);
  return model;
}

/** Any key will do, as long as there is one: what is simulated is the shape of the API, not its customers. */
function checkedKey(request: IncomingMessage): string {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const key = bearer ?? request.headers['x-api-key'];
  if (typeof key !== 'string' || key === '')
    throw new ApiError('authentication_error', 'an API key is required');
  if (request.headers['anthropic-version'] === undefined)
    throw new ApiError('invalid_request_error', 'anthropic-version: header is required');
  return key;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read to its end all the same: a client that is still sending would miss the answer.
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  if (bytes > BODY_BYTES_MAX)
    throw new ApiError('request_too_large', `the body exceeds ${BODY_BYTES_MAX} bytes`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiError('invalid_request_error', 'the body is not valid JSON');
  }
}

function modelsPage(): object {
  return {
    data: MODELS.map(modelBody),
    has_more: false,
    first_id: MODELS[0]?.id ?? null,
    last_id: MODELS.at(-1)?.id ?? null,
  };
}

function modelBody(model: ModelTraits): object {
  return {
    type: 'model',
    id: model.id,
    display_name: model.displayName,
    created_at: model.createdAt,
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
    max_input_tokens: WINDOW_TOKENS,
    max_tokens: OUTPUT_TOKENS_MAX,
  };
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
