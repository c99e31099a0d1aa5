import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createHash } from 'node:crypto';
import type { AttemptErrorInput, ResultInput } from './generated/index.js';

/** What a worker has to say at the end of an attempt. */
export type Report =
  | { readonly verb: 'complete'; readonly result: ResultInput }
  | { readonly verb: 'fail'; readonly error: AttemptErrorInput };

/** A report with what proves that it may be made. */
export interface OutboxEntry {
  readonly attemptId: string;
  readonly leaseToken: string;
  readonly report: Report;
}

const ENTRIES_MAX = 1_000;
/** A result is at most 1 MiB of JSON, which may be written longer here. */
const ENTRY_BYTES_MAX = 8 * 1_024 * 1_024;
/** After this nobody waits for it any more. */
const ENTRY_AGE_MAX_MS = 7 * 24 * 3_600_000;
const ENTRY_NAME = /^att_[0-9a-z]{1,64}\.json$/;
const HALF_WRITTEN = '.tmp';
const HALF_WRITTEN_AGE_MAX_MS = 3_600_000;

/** There is no room for another report: the service has not taken any for long. */
export class OutboxFullError extends Error {
  constructor(directory: string) {
    super(
      `${directory} has ${ENTRIES_MAX} reports that the service has not taken; see why, then start again.`,
    );
    this.name = 'OutboxFullError';
  }
}

/**
 * Reports that the service has not acknowledged yet, a file each, so that a worker that is killed after its work and before
 * its word says it when it is started again. Saying it twice is harmless: reports are idempotent for ever. Workers of one
 * machine share the directory of a service.
 */
export class Outbox {
  private constructor(readonly directory: string) {}

  /** Opens the outbox for the service at `url` below `homeDir`. */
  static async open(homeDir: string, url: string): Promise<Outbox> {
    const service = createHash('sha256').update(new URL(url).href).digest('hex').slice(0, 16);
    const directory = path.join(homeDir, 'outbox', service);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const outbox = new Outbox(directory);
    await outbox.#forgetOld();
    return outbox;
  }

  /** Returns when the entry is on the disk, whole. Throws `OutboxFullError`. */
  async keep(entry: OutboxEntry): Promise<void> {
    const text = JSON.stringify(entry);
    if ((await this.#names()).length >= ENTRIES_MAX) throw new OutboxFullError(this.directory);
    const file = this.#fileOf(entry.attemptId);
    const draft = `${file}.${process.pid}.${crypto.randomUUID()}${HALF_WRITTEN}`;
    try {
      await writeDurably(draft, text);
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncDirectory(this.directory);
  }

  async forget(attemptId: string): Promise<void> {
    await rm(this.#fileOf(attemptId), { force: true });
  }

  /**
   * What is waiting, each read in its turn, beginning at a part (0 to 1) of them; what cannot be read as an entry is
   * removed.
   */
  async *entries(from = 0): AsyncGenerator<OutboxEntry, void> {
    const names = await this.#names();
    const first = Math.floor(from * names.length);
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const entry = await readEntry(path.join(this.directory, name));
      if (entry === 'gone') continue;
      if (entry === 'unreadable') await rm(path.join(this.directory, name), { force: true });
      else yield entry;
    }
  }

  async #names(): Promise<string[]> {
    return (await readdir(this.directory)).filter((name) => ENTRY_NAME.test(name)).slice(0, ENTRIES_MAX);
  }

  #fileOf(attemptId: string): string {
    const name = `${attemptId}.json`;
    if (!ENTRY_NAME.test(name)) throw new Error(`${attemptId} is no id of an attempt`);
    return path.join(this.directory, name);
  }

  async #forgetOld(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      const ageMaxMs = name.endsWith(HALF_WRITTEN) ? HALF_WRITTEN_AGE_MAX_MS : ENTRY_AGE_MAX_MS;
      const file = path.join(this.directory, name);
      const found = await stat(file).catch(() => null); // another worker was faster
      if (found !== null && Date.now() - found.mtimeMs > ageMaxMs) await rm(file, { force: true });
    }
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** So that the new name outlives a power cut too; not every system can. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function readEntry(file: string): Promise<OutboxEntry | 'gone' | 'unreadable'> {
  const found = await stat(file).catch(() => null);
  if (found === null) return 'gone';
  if (found.size > ENTRY_BYTES_MAX) return 'unreadable';
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return 'gone';
  try {
    const entry = JSON.parse(text) as unknown;
    return isEntry(entry) ? entry : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

function isEntry(value: unknown): value is OutboxEntry {
  if (value === null || typeof value !== 'object') return false;
  const { attemptId, leaseToken, report } = value as Partial<OutboxEntry>;
  const isReport = report?.verb === 'complete' || report?.verb === 'fail';
  return typeof attemptId === 'string' && typeof leaseToken === 'string' && isReport;
}
