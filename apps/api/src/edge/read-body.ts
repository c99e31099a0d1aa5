import type { Request } from 'express';
import { JSON_DEPTH_MAX } from '#contracts';
import { isDeeperThan } from './json-depth.js';
import { ApiProblem, validationProblem } from './problem.js';
import { findUnfaithful } from './unfaithful.js';

export const BODY_BYTES_MAX = 256 * 1_024;
/** A client that is still sending cannot read the refusal: what comes beyond the limit is read and dropped, up to this. */
const DROPPED_BYTES_MAX = 16 * 1_024 * 1_024;

/** Reads the whole body; 413 when it is longer than `bytesMax`. */
export async function readBody(request: Request, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await readChunks(request, bytesMax, (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks);
}

/**
 * Hands over the body as it arrives; 413 when it is longer than `bytesMax`. After a refusal, also one that `take` throws,
 * the rest is read and dropped.
 */
export async function readChunks(
  request: Request,
  bytesMax: number,
  take: (chunk: Buffer) => void | Promise<void>,
): Promise<void> {
  refuseEncoding(request);
  let bytes = 0;
  let refusal: Error | null = null;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) refusal ??= tooLarge(bytesMax);
      refusal ??= await refusalOf(() => take(chunk));
      if (bytes > bytesMax + DROPPED_BYTES_MAX) break;
    }
  } catch {
    throw new ApiProblem(400, 'incomplete_body', 'The connection ended before the body did.');
  }
  if (refusal !== null) throw refusal;
}

/** A refusal has to wait until the body has been read. */
async function refusalOf(step: () => void | Promise<void>): Promise<Error | null> {
  try {
    await step();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

export function tooLarge(bytesMax: number): ApiProblem {
  return new ApiProblem(413, 'body_too_large', `At most ${bytesMax} bytes are taken here.`);
}

/** Parses JSON; 400 when it is none, 422 when it is nested too deep or could not be kept as it was sent. */
export function parseJson(bytes: Uint8Array): unknown {
  const value = parseText(bytes);
  if (isDeeperThan(value, JSON_DEPTH_MAX))
    throw validationProblem([
      { pointer: '', code: 'too_deep', message: `is nested more than ${JSON_DEPTH_MAX} levels deep` },
    ]);
  const unfaithful = findUnfaithful(value);
  if (unfaithful !== null) throw validationProblem([unfaithful]);
  return value;
}

function parseText(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ApiProblem(400, 'malformed_json', 'The body is not JSON in UTF-8.');
  }
}

/** A compressed body could grow beyond every limit. */
function refuseEncoding(request: Request): void {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new ApiProblem(415, 'unsupported_encoding', 'Send the body without Content-Encoding.');
}
