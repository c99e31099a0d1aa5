import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Request } from 'express';
import { newUuid } from '#contracts';
import { readChunks } from '../edge/read-body.js';

/** A body as it arrived, on disk. */
export interface ReceivedFile {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly read: (start: number, bytesMax: number) => Promise<Uint8Array<ArrayBuffer>>;
  readonly close: () => Promise<void>;
}

/**
 * Receives a body into a file without a name: a slow client holds no memory and no transaction, and nothing is left when
 * the process ends. 413 when it is longer than `bytesMax`.
 */
export async function receiveFile(request: Request, bytesMax: number): Promise<ReceivedFile> {
  const file = await openNameless();
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    await readChunks(request, bytesMax, async (chunk) => {
      hash.update(chunk);
      await file.write(chunk, 0, chunk.length, sizeBytes);
      sizeBytes += chunk.length;
    });
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    sizeBytes,
    sha256: hash.digest('hex'),
    read: async (start, bytesWanted) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(bytesWanted, sizeBytes - start)));
      await readWhole(file, bytes, start);
      return bytes;
    },
    close: () => file.close(),
  };
}

async function openNameless(): Promise<FileHandle> {
  const name = path.join(tmpdir(), `wavekeeper-upload-${newUuid()}`);
  const file = await open(name, 'wx+', 0o600);
  await rm(name);
  return file;
}

/** One read may return less than was asked for. */
async function readWhole(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error('a received file has become shorter');
    done += bytesRead;
  }
}
