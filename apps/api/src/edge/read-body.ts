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
  refuseEncoding(request);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > bytesMax + DROPPED_BYTES_MAX) break;
    }
  } catch {
    throw new ApiProblem(400, 'incomplete_body', 'The connection ended before the body did.');
  }
  if (bytes > bytesMax) throw tooLarge(bytesMax);
  return Buffer.concat(chunks);
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
