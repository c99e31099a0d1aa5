import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { startService, type TestService } from './support/service.js';

const PROGRAM = fileURLToPath(new URL('../dist/apps/cli/src/main.js', import.meta.url));

describe('an agent that starts `wavekeeper mcp`', () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService(database, { queue: 'postgres' });
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  async function connect(apiKey: string, mode: 'legacy' | { readonly pin: string }): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [PROGRAM, 'mcp'],
        env: { WAVEKEEPER_URL: service.url, WAVEKEEPER_API_KEY: apiKey, LOG_LEVEL: 'silent' },
        stderr: 'ignore',
      }),
    );
    return client;
  }

  async function call(client: Client, name: string, args: Record<string, unknown>) {
    const { content } = await client.callTool({ name, arguments: args });
    return JSON.parse((content as { text: string }[])[0]?.text ?? '') as Record<string, unknown>;
  }

  it.each([['legacy' as const], [{ pin: '2026-07-28' }]])(
    'hands work over, and sees it done: %j',
    async (mode) => {
      const client = await connect(service.apiKey, mode);
      const { id } = await call(client, 'create_mission', { title: 'From an agent' });
      const task = await call(client, 'submit_task', { mission_id: id, title: 'Count the boxes' });
      await eventually('the task completes', async () => {
        const { state } = await call(client, 'get_task', { task_id: task.id });
        return state === 'completed';
      });
      await client.close();
    },
  );

  it('is told when its key is not good', async () => {
    await expect(connect('wk_local_nonsense', 'legacy')).rejects.toThrow(/valid key/);
  });
});
