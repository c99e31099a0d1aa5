import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';

/** A backup that cannot be made or used; the message says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** No row is as long: an artifact is in pieces of a MiB, a result has at most one. Longer is no line of a backup. */
const LINE_CHARACTERS_MAX = 64 * 1_024 * 1_024;
const FORMAT = 1;

/** The first line: what the rest is of. */
const headerSchema = z.object({
  wavekeeper_backup: z.int(),
  taken_at: z.iso.datetime(),
  /** The schema's version: every migration that the rows have been through, oldest first. */
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
  /** Fingerprints of the master keys that opened the tenants' secrets; the keys are not in here. */
  master_key_ids: z.array(z.string()),
  tenants: z.int(),
});
export type BackupHeader = z.infer<typeof headerSchema>;

/** Lines between rows. A row is a JSON string: the row as Postgres writes a whole row as text. */
const markSchema = z.union([
  z.object({ table: z.string(), columns: z.array(z.string()) }),
  z.object({ end_of: z.string(), rows: z.int(), sha256: z.string() }),
  z.object({ complete: z.literal(true), tables: z.int(), rows: z.int() }),
]);
export type BackupMark = z.infer<typeof markSchema>;

export type BackupLine =
  { readonly kind: 'row'; readonly text: string } | { readonly kind: 'mark'; readonly mark: BackupMark };

export function headerLine(header: Omit<BackupHeader, 'wavekeeper_backup'>): string {
  return `${JSON.stringify({ wavekeeper_backup: FORMAT, ...header })}\n`;
}

export function markLine(mark: BackupMark): string {
  return `${JSON.stringify(mark)}\n`;
}

/** Throws BackupError for a row that could not be read back. */
export function rowLine(text: string): string {
  const line = `${JSON.stringify(text)}\n`;
  if (line.length > LINE_CHARACTERS_MAX)
    throw new BackupError(`A row is longer than ${LINE_CHARACTERS_MAX} characters and fits no backup.`);
  return line;
}

/**
 * Writes the lines, compressed, beside the file, and gives it its name when all of it is on disk. Who is killed before
 * leaves a draft behind, which nobody reads.
 * @throws BackupError when there is such a file by then
 */
export async function writeBackupFile(file: string, lines: AsyncIterable<string>): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}.draft`;
  try {
    const out = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(lines), createGzip(), out);
    await link(draft, file); // unlike rename, never replaces what somebody has made in the meantime
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new BackupError(`${file} is there already: name a new file, or remove that one.`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectory(path.dirname(file));
}

/** A name is on disk when its directory is. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads what a backup says of itself, and no more. */
export async function readBackupHeader(file: string): Promise<BackupHeader> {
  for await (const line of readLines(file)) return parseHeader(file, line);
  throw notABackup(file);
}

/** The lines after the first. */
export async function* readBackup(file: string): AsyncGenerator<BackupLine> {
  let isHeader = true;
  for await (const line of readLines(file)) {
    if (isHeader) parseHeader(file, line);
    else yield parseLine(file, line);
    isHeader = false;
  }
}

/** Split at line feeds alone: a JSON string may have any other line separator in it. */
async function* readLines(file: string): AsyncGenerator<string> {
  const source = createReadStream(file);
  const text = source.pipe(createGunzip()).setEncoding('utf8');
  source.on('error', (error) => text.destroy(error));
  let rest = '';
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_CHARACTERS_MAX) throw notABackup(file);
      yield* lines;
    }
  } catch (error) {
    throw isOfZlib(error) ? cutShort(file, error) : error;
  } finally {
    source.destroy();
  }
  if (rest !== '') throw cutShort(file);
}

function isOfZlib(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith('Z_');
}

function parseHeader(file: string, line: string): BackupHeader {
  const header = headerSchema.safeParse(parseJson(file, line));
  if (!header.success) throw notABackup(file);
  const { wavekeeper_backup: format } = header.data;
  if (format !== FORMAT)
    throw new BackupError(`${file} has the format ${format} of another version of Wavekeeper: use that one.`);
  return header.data;
}

function parseLine(file: string, line: string): BackupLine {
  const value = parseJson(file, line);
  if (typeof value === 'string') return { kind: 'row', text: value };
  const mark = markSchema.safeParse(value);
  if (!mark.success) throw notABackup(file);
  return { kind: 'mark', mark: mark.data };
}

function parseJson(file: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw notABackup(file);
  }
}

function notABackup(file: string): BackupError {
  return new BackupError(`${file} is no backup of Wavekeeper.`);
}

function cutShort(file: string, cause?: unknown): BackupError {
  return new BackupError(`${file} is no backup, or is cut short.`, { cause });
}
