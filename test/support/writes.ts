import type { StagedWrite, WriteInput } from '#contracts';

// What a conductor can ask for, in the words of a test: `mission.wave(toAccept('T1'), toDispatch('T2'), toHandOff())`.

export function toCreate(
  key: string,
  fields: Partial<WriteInput<'task_upsert'>['items'][number]> = {},
): StagedWrite {
  return { tool: 'task_upsert', input: { items: [{ key, title: `Task ${key}`, ...fields }] } };
}

export function toChange(
  ref: string,
  version: number,
  fields: Partial<WriteInput<'task_upsert'>['items'][number]>,
): StagedWrite {
  return { tool: 'task_upsert', input: { items: [{ key: ref, expected_version: version, ...fields }] } };
}

export function toDispatch(...refs: string[]): StagedWrite {
  return { tool: 'task_dispatch', input: { refs } };
}

export function toAccept(ref: string, lateAttempt?: string): StagedWrite {
  return {
    tool: 'task_review',
    input: {
      verdicts: [{ ref, verdict: 'accept', ...(lateAttempt === undefined ? {} : { attempt: lateAttempt }) }],
    },
  };
}

export function toSendBack(ref: string, feedback: string): StagedWrite {
  return { tool: 'task_review', input: { verdicts: [{ ref, verdict: 'revise', feedback }] } };
}

export function toFail(ref: string, feedback: string): StagedWrite {
  return { tool: 'task_review', input: { verdicts: [{ ref, verdict: 'fail', feedback }] } };
}

export function toCancel(...refs: string[]): StagedWrite {
  return { tool: 'task_cancel', input: { refs, reason: 'Nobody needs it.' } };
}

export function toAsk(prompt: string, fields: Partial<WriteInput<'ask_human'>> = {}): StagedWrite {
  return { tool: 'ask_human', input: { kind: 'text', prompt, ...fields } };
}

export function toNote(
  text: string,
  kind: WriteInput<'note'>['entries'][number]['kind'] = 'fact',
): StagedWrite {
  return { tool: 'note', input: { entries: [{ kind, text }] } };
}

export function toHandOff(fields: Partial<WriteInput<'handoff'>> = {}): StagedWrite {
  return { tool: 'handoff', input: { note: 'Handed off.', done: false, ...fields } };
}
