import type { ServerResponse } from 'node:http';
import { ApiError, errorBody } from './api-error.js';
import { messageBody, messageEvents, type StreamEvent } from './domain/message-events.js';
import type { Exchange } from './simulation.js';

/** Answers a message request, or fails at it in the way that the script tells. */
export function sendMessage(exchange: Exchange, response: ServerResponse, requestId: string): void {
  // Whoever asked gives up at some time, or the simulator is closed.
  if (exchange.fault === 'stall_headers') return;
  if (exchange.fault === 'garbage') sendGarbage(response);
  else if (exchange.stream) sendStream(exchange, response, requestId);
  else sendBody(exchange, response, requestId);
}

function sendGarbage(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<html><body>It works!</body></html>\n');
}

function sendStream({ message, fault, slowMs }: Exchange, response: ServerResponse, requestId: string): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  const events = messageEvents(message);
  if (fault === 'slow_tokens') {
    sendSlowly(events.map(serialised), response, slowMs);
    return;
  }
  if (fault !== 'mid_stream_error' && fault !== 'cut' && fault !== 'stall_body') {
    response.end(events.map(serialised).join(''));
    return;
  }
  const firstHalf = events
    .slice(0, Math.ceil(events.length / 2))
    .map(serialised)
    .join('');
  if (fault === 'mid_stream_error') response.end(firstHalf + serialised(midStreamError(requestId)));
  // The socket goes only when the half has left, so that the client sees a stream that breaks off.
  else response.write(firstHalf, () => (fault === 'cut' ? response.destroy() : undefined));
}

/** One event at a time, until the client has all or has left. */
function sendSlowly([next, ...rest]: readonly string[], response: ServerResponse, slowMs: number): void {
  if (next === undefined || response.destroyed) response.end();
  else
    response.write(next, () => {
      setTimeout(sendSlowly, slowMs, rest, response, slowMs);
    });
}

function sendBody({ message, fault }: Exchange, response: ServerResponse, requestId: string): void {
  if (fault === 'mid_stream_error') {
    sendError(new ApiError('api_error', 'Internal server error'), response, requestId);
    return;
  }
  const body = JSON.stringify(messageBody(message));
  if (fault !== 'cut' && fault !== 'stall_body') {
    sendJson(response, 200, body);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  const firstHalf = body.slice(0, Math.floor(body.length / 2));
  response.write(firstHalf, () => (fault === 'cut' ? response.destroy() : undefined));
}

export function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}

export function sendError(error: ApiError, response: ServerResponse, requestId: string): void {
  if (error.retryAfterSeconds !== null) response.setHeader('retry-after', error.retryAfterSeconds);
  sendJson(response, error.status, JSON.stringify(errorBody(error, requestId)));
}

function midStreamError(requestId: string): StreamEvent {
  return { ...errorBody(new ApiError('overloaded_error', 'Overloaded'), requestId), type: 'error' };
}

function serialised(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
