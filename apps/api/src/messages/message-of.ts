import type { MessageInput } from '#contracts';
import type { Call } from '../edge/call.js';
import { ApiProblem } from '../edge/problem.js';

/** A message as its sender may say it: whoever has a person's word may say that a text is none, nobody else that one is. */
export function messageOf({ text, trusted }: MessageInput, sender: Pick<Call, 'trusted'>) {
  if (trusted === true && !sender.trusted)
    throw new ApiProblem(
      403,
      'insufficient_scope',
      'A person’s word takes a key with missions:write. Leave `trusted` out: the message is then read as material.',
    );
  return { text, trusted: trusted ?? sender.trusted };
}
