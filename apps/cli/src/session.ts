import { loadConfig, type Config } from '#config';
import { ApiClient } from './api-client.js';
import { connectionOf } from './credentials.js';
import { EXIT } from './exit-codes.js';
import type { StopSwitch } from './stop-switch.js';
import type { Terminal } from './terminal.js';

/** One run of the command line: its environment, its terminal, and what it will end with. */
export class Session {
  /** Set by a command that ends in order but not in success; one that cannot do its work throws instead. */
  exitCode: number = EXIT.ok;
  #config: Config | null = null;

  constructor(
    readonly environment: NodeJS.ProcessEnv,
    readonly terminal: Terminal,
    /** Takes over Ctrl-C and SIGTERM; a command that never asks is simply ended by them. */
    readonly takeOverSignals: () => StopSwitch,
  ) {}

  /** Read when first needed, so that `--help` works in an environment that does not fit. */
  get config(): Config {
    this.#config ??= loadConfig(this.environment);
    return this.#config;
  }

  async client(): Promise<ApiClient> {
    return new ApiClient(await connectionOf(this.config));
  }
}
