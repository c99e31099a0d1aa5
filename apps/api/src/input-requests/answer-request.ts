import type { AnswerInput, InputRequest } from '#contracts';
import type { Tx } from '#database';
import { answerInputRequest, readInputRequestWithTasks } from '#ledger';
import { recordAudit } from '#tenancy';
import type { Call } from '../edge/call.js';
import { inputRequestView } from './input-requests.view.js';

/** Answers what a person is asked, remembers who did, and returns the request as it is now. */
export async function answerRequest(
  tx: Tx,
  requestId: string,
  input: AnswerInput,
  { actor, trusted, byLink }: Pick<Call, 'actor' | 'trusted'> & { readonly byLink?: true },
): Promise<InputRequest> {
  await answerInputRequest(tx, requestId, { ...input, trusted }, actor);
  const answered = inputRequestView(await readInputRequestWithTasks(tx, requestId));
  await recordAudit(tx, {
    actor,
    action: 'input_request.answered',
    subjectId: answered.id,
    after: { kind: answered.kind, answer: answered.answer, ...(byLink && { by: 'answer_link' }) },
  });
  return answered;
}
