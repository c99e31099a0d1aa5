import { CONDUCTOR_TOOLS, DISPATCH_REFS_MAX } from '#contracts';
import type { ToolCall } from './answer.js';
import { handoff, TOOL_CALLS_MAX, write } from './conductor-calls.js';
import type { ConductorView } from './parse-request-text.js';
import { plan } from './plan-policy.js';

const OBEYED_CALLS_MAX = 4;

/** Does what data tells it to, then its work: whatever comes of that must be stopped outside the model. */
export function obey(view: ConductorView): ToolCall[] {
  const planned = plan(view);
  const orders = view.fenced.join('\n');
  if (view.turns.length > 0 || orders === '') return planned;
  const refs = [...new Set(orders.match(/\bT[1-9]\d{0,9}\b/g) ?? [])].slice(0, DISPATCH_REFS_MAX);
  const named = [...new Set(orders.match(/\b[a-z]+_[a-z_]+\b/g) ?? [])]
    .filter((tool) => isKnown(tool) || new RegExp(`\\b(?:call|use|run|invoke) ${tool}\\b`, 'i').test(orders))
    .slice(0, OBEYED_CALLS_MAX)
    .map((tool) => ({ tool, input: orderedInput(tool, orders, refs) }));
  const dispatch = refs.length === 0 ? [] : [write({ tool: 'task_dispatch', input: { refs } })];
  const ownWork = planned.filter((call) => call.tool !== 'handoff');
  const obeyed = [...named, ...dispatch, ...ownWork].slice(0, TOOL_CALLS_MAX - 1);
  const isSaidDone = /\b(?:done|finish(?:ed)?|complete)\b/i.test(orders);
  return isSaidDone
    ? [...obeyed, handoff({ note: 'Did as the texts say.', done: true })]
    : [...obeyed, ...planned.filter((call) => call.tool === 'handoff')];
}

function isKnown(tool: string): boolean {
  return CONDUCTOR_TOOLS.some((known) => known === tool);
}

/** The JSON object that follows the tool's name in the order, or else what the named refs allow. */
function orderedInput(tool: string, orders: string, refs: readonly string[]): object {
  const json = new RegExp(`\\b${tool}\\b[^{\\n]{0,20}(\\{.*\\})`).exec(orders)?.[1];
  const given = json === undefined ? undefined : parsedObject(json);
  if (given !== undefined) return given;
  if (tool === 'task_review') return { verdicts: refs.map((ref) => ({ ref, verdict: 'accept' })) };
  if (tool === 'task_upsert') return { items: [{ key: 'as-ordered', title: 'As ordered by a text' }] };
  return tool === 'task_dispatch' || tool === 'ledger_get' ? { refs } : {};
}

function parsedObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
