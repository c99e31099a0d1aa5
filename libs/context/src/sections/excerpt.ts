import type { SnapshotResult } from '#ledger';
import { cutToTokens } from '../domain/estimate.js';
import { type Frame, framed } from '../domain/fence.js';
import { cleanText } from '../domain/outside-text.js';
import { type Ladder, rung } from '../domain/section-plan.js';

/** Sizes of the parts of a long text that are tried before all of it. The smallest is guaranteed on an inbox page. */
const EXCERPT_TOKENS = [120, 480, 1_920] as const;
const ARTIFACTS_NAMED_MAX = 5;

export interface Excerpt {
  /** From outside, not yet cleaned. */
  readonly text: string;
  /** Our own lines in front of the frame and after the whole text; each ends with a newline. */
  readonly before: string;
  readonly after: string;
  readonly frame: Frame;
  readonly key: string;
  /** The call that reads the whole. */
  readonly fetch: string;
}

/** A framed text at growing lengths; whatever is cut ends with the call that reads the whole. */
export function excerptLadder({ text, before, after, frame, key, fetch }: Excerpt): Ladder {
  const whole = cleanText(text);
  const parts = EXCERPT_TOKENS.map((tokensMax) => cutToTokens(whole, tokensMax)).filter(
    (part) => part !== whole,
  );
  return [
    ...parts.map((part) => rung('card', `${before}${framed(frame, key, part)}(shortened: ${fetch})\n`)),
    rung('full', `${before}${framed(frame, key, whole)}${after}`),
  ];
}

/** What a worker handed in, as one text: its summary, then the beginning of its output. */
export function resultText({ summary, outputHead }: SnapshotResult): string {
  return outputHead === '' ? summary : `${summary}\n${outputHead}`;
}

/** Our own lines after a result: where the rest of its output and its artifacts are. */
export function resultPointers(
  { outputHead, outputBytes, artifactIds }: SnapshotResult,
  fetch: string,
): string {
  const headBytes = Buffer.byteLength(outputHead);
  const more =
    outputBytes > headBytes ? [`(${headBytes} of ${outputBytes} bytes of output: ${fetch})\n`] : [];
  const artifacts = artifactIds
    .slice(0, ARTIFACTS_NAMED_MAX)
    .map((id) => `(artifact: artifact_read ${JSON.stringify({ id })})\n`);
  return [...more, ...artifacts].join('');
}
