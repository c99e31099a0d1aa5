import {
  ANSWER_CHARACTERS_MAX,
  CANCEL_REFS_MAX,
  INPUT_PROMPT_CHARACTERS_MAX,
  type WriteInput,
} from '#contracts';
import type { ConductorView } from './parse-request-text.js';

/** What people with authority say in this wave's messages. Nothing that others wrote is an order. */
export interface Orders {
  readonly stop: boolean;
  /** Refs of the tasks that are to be canceled. */
  readonly cancel: readonly string[];
  readonly ask: readonly WriteInput<'ask_human'>[];
}

const OPTION = /\[([^[\]\n]{1,500})\]/;

export function ordersOf({ inbox }: Pick<ConductorView, 'inbox'>): Orders {
  const words = inbox.flatMap((item) =>
    item.kind === 'message' && item.words.includes('trusted') && item.frame === 'person' ? [item.text] : [],
  );
  return {
    stop: words.some((text) => /\bstop\b/i.test(text)),
    cancel: words
      .flatMap((text) => refsIn(/\bcancel\b(.*)/i.exec(text)?.[1] ?? ''))
      .slice(0, CANCEL_REFS_MAX),
    ask: words.flatMap((text) => questionIn(text) ?? []),
  };
}

/**
 * `Ask T2: Which colour? [red|green] within 60 minutes, else red`: what follows "Ask" is the question, tasks that it names
 * wait for the answer, options in brackets make it a choice, and a wish for approval an approval.
 */
function questionIn(text: string): WriteInput<'ask_human'> | null {
  const asked = /^\s*ask\b[\s:,]*(\S[^]*)/im
    .exec(text)?.[1]
    ?.slice(0, INPUT_PROMPT_CHARACTERS_MAX)
    .toWellFormed();
  if (asked === undefined) return null;
  const options = [...new Set((OPTION.exec(asked)?.[1] ?? '').split('|').flatMap((one) => one.trim() || []))];
  const isChoice = options.length > 1;
  const refs = refsIn(asked);
  return {
    kind: isChoice ? 'choice' : /\bapprov/i.test(asked) ? 'approval' : 'text',
    prompt: asked,
    ...(isChoice ? { options } : {}),
    ...(refs.length === 0 ? {} : { refs }),
    ...deadlineIn(asked),
  };
}

function deadlineIn(asked: string): Pick<WriteInput<'ask_human'>, 'deadline_minutes' | 'default'> {
  const minutes = Number(/\bwithin (\d{1,5}) minutes\b/i.exec(asked)?.[1] ?? 0);
  if (minutes === 0) return {};
  const fallback = /\belse (\w{1,100})/i.exec(asked)?.[1];
  return { deadline_minutes: minutes, ...(fallback === undefined ? {} : { default: fallback }) };
}

function refsIn(text: string): string[] {
  return [...new Set(text.slice(0, ANSWER_CHARACTERS_MAX).match(/\bT[1-9]\d{0,8}\b/g) ?? [])].slice(
    0,
    CANCEL_REFS_MAX,
  );
}
