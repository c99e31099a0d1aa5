import { encodeId, type InputRequest } from '#contracts';
import { refOf, timeoutOutcome, type InputRequestRead } from '#ledger';

export function inputRequestView(request: InputRequestRead): InputRequest {
  const blocks = request.taskIds.map((id) => encodeId('task', id));
  return {
    id: encodeId('inputRequest', request.id),
    ref: refOf('Q', request.number),
    mission_id: encodeId('mission', request.missionId),
    task_id: blocks.length === 1 ? (blocks[0] ?? null) : null,
    kind: request.kind,
    about: request.about,
    prompt: request.prompt,
    options: request.options,
    deadline_at: request.deadlineAt?.toISOString() ?? null,
    default: request.defaultValue,
    on_timeout: timeoutOutcome(request),
    state: request.state,
    answer:
      request.answerValue === null ? null : { value: request.answerValue, comment: request.answerComment },
    blocks,
    created_at: request.createdAt.toISOString(),
  };
}
