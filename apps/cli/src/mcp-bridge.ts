import { setTimeout as delay } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import { StreamableHTTPClientTransport, type JSONRPCMessage } from '@modelcontextprotocol/client';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Connection } from './credentials.js';

/** What JSON-RPC leaves to servers for errors of their own. */
const UNREACHABLE = -32_000;
/** An agent that closes stdin still gets the answers that are under way. */
const LAST_ANSWERS_MS = 30_000;

/** The streams of this process, as far as the bridge goes. */
export interface BridgeProcess {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stop: AbortSignal;
  /** Says what went wrong, on another stream than stdout. */
  readonly onTrouble: (text: string) => void;
}

/**
 * Carries messages between an agent that started this process and `/mcp` of the service, both ways and unread, until the
 * agent closes stdin or `stop` aborts. A message that cannot be carried is answered with an error, so that nobody waits.
 */
export async function bridgeMcp(connection: Connection, process: BridgeProcess): Promise<void> {
  const agent = new StdioServerTransport(process.stdin, process.stdout);
  const service = new StreamableHTTPClientTransport(new URL('/mcp', connection.url), {
    requestInit: { headers: { Authorization: `Bearer ${connection.apiKey}` } },
  });
  const report = (error: unknown) => process.onTrouble(wordsOf(error));
  const asked = new AskedMessages();
  const answer = (message: JSONRPCMessage): void => {
    asked.answered(message);
    void agent.send(message).catch(report);
  };
  agent.onmessage = (message) => {
    asked.add(message);
    void service.send(message).catch((error: unknown) => {
      report(error);
      const text = `The service at ${connection.url} did not take this: ${wordsOf(error)}`;
      if ('method' in message && 'id' in message)
        answer({ jsonrpc: '2.0', id: message.id, error: { code: UNREACHABLE, message: text } });
    });
  };
  agent.onerror = report;
  service.onmessage = answer;
  await service.start();
  await ended(agent, process.stop);
  if (!process.stop.aborted) await asked.allAnswered(LAST_ANSWERS_MS);
  await Promise.all([agent.close(), service.close()]);
}

/** Resolves when the agent has gone, or is to be left. */
async function ended(agent: StdioServerTransport, stop: AbortSignal): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    agent.onclose = resolve;
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  await agent.start();
  await gone;
}

/** The requests that wait for an answer, by their ids. */
class AskedMessages {
  readonly #ids = new Set<unknown>();
  #onAnswered = (): void => undefined;

  add(message: JSONRPCMessage): void {
    if ('method' in message && 'id' in message) this.#ids.add(message.id);
  }

  answered(message: JSONRPCMessage): void {
    if (!('method' in message) && 'id' in message) this.#ids.delete(message.id);
    if (this.#ids.size === 0) this.#onAnswered();
  }

  async allAnswered(withinMs: number): Promise<void> {
    if (this.#ids.size === 0) return;
    const answered = new AbortController();
    this.#onAnswered = () => answered.abort();
    await delay(withinMs, undefined, { signal: answered.signal }).catch(() => undefined);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
