import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** The official client, connected over HTTP, in the protocol of this year or in those of 2025. */
export async function anMcpClient(
  url: string,
  apiKey: string,
  era: 'modern' | 'legacy' = 'modern',
): Promise<Client> {
  const mode = era === 'legacy' ? 'legacy' : { pin: '2026-07-28' };
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${apiKey}` } },
    }),
  );
  return client;
}

/** What a tool answered, as the model reads it: its text, parsed. */
export async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<{ readonly answer: Record<string, unknown>; readonly isError: boolean; readonly bytes: number }> {
  const result = await client.callTool({ name, arguments: args });
  const [content] = result.content as { type: string; text: string }[];
  const text = content?.text ?? '';
  return { answer: JSON.parse(text), isError: result.isError === true, bytes: Buffer.byteLength(text) };
}
