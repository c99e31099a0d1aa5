import type { ToolCall } from './answer.js';
import { handoff, read, TOOL_CALLS_MAX } from './conductor-calls.js';
import type { ConductorView } from './parse-request-text.js';

const REFS_MAX = 10;
const PART_BYTES = 1_800;
const SEARCH_PAGE = 20;

/** Reads all that it can and decides nothing, until it is told that only a hand-off is left: the guard must end it. */
export function browse(view: ConductorView): ToolCall[] {
  const done = view.turns.flat();
  const newest = done.at(-1)?.resultText ?? '';
  if (newest.includes('Only handoff is accepted'))
    return [handoff({ note: 'Read as much as there was room for.', done: false })];
  const turn = view.turns.length;
  const refs = [
    ...view.board.ready.map((task) => task.ref),
    ...view.board.review.flatMap((review) => [review.taskRef, review.attemptRef]),
  ];
  const calls = [
    read({ tool: 'ledger_search', input: { query: '', offset: turn * SEARCH_PAGE } }),
    ...(refs.length === 0 ? [] : [read({ tool: 'ledger_get', input: { refs: refs.slice(0, REFS_MAX) } })]),
    ...pointersIn(done.map((call) => call.resultText)).map((input) => read({ tool: 'artifact_read', input })),
    ...refs.map((id) => read({ tool: 'artifact_read', input: { id, offset: turn * PART_BYTES } })),
  ];
  return calls.slice(0, TOOL_CALLS_MAX);
}

/** Where results that were shown by their ends say that the rest is, the latest first. */
function pointersIn(texts: readonly string[]): { id: string; offset: number }[] {
  return texts
    .flatMap((text) => [...text.matchAll(/artifact_read {"id":"(art_\w+)","offset":(\d+)}/g)])
    .map((match) => ({ id: match[1] ?? '', offset: Number(match[2]) }))
    .reverse()
    .slice(0, TOOL_CALLS_MAX / 2);
}
