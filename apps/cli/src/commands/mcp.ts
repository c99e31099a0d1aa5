import type { Command } from 'commander';
import { connectionOf } from '../credentials.js';
import type { Session } from '../session.js';

const MCP_HELP = `
For agents that start their tools as programs, in their configuration:
  { "mcpServers": { "wavekeeper": { "command": "npx", "args": ["-y", "wavekeeper", "mcp"] } } }
Those that take an address get it directly: see docs/mcp.md.`;

export function addMcpCommand(program: Command, session: Session): void {
  program
    .command('mcp')
    .description('speak the Model Context Protocol on stdin and stdout, with the key of the command line')
    .addHelpText('after', MCP_HELP)
    .action(async () => {
      const { bridgeMcp } = await import('../mcp-bridge.js');
      const stopping = session.takeOverSignals();
      await bridgeMcp(await connectionOf(session.config), {
        stdin: process.stdin,
        stdout: process.stdout,
        stop: stopping.stopping,
        onTrouble: (text) => session.terminal.note(text),
      });
      session.exitCode = stopping.exitCode;
    });
}
