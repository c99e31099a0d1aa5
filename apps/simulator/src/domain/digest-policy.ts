import { sayText, type Answer } from './answer.js';
import type { ConductorPolicy } from './conductor-policy.js';
import type { Prompt } from './messages-request.js';

const WORDS_MAX = 6;
const ITEMS_MAX = 6;
/** How often an adversarial writer says the same: far over every bound, and within its output. */
const REPEATS = 6;
const REPEATED_CHARACTERS_MAX = 40;
const KINDS = ['watch', 'shipped', 'still_relevant'] as const;

interface Source {
  readonly ref: string;
  readonly text: string;
}

/** What a writer of digests answers: the words of its sources, shorter. An adversarial one writes without end, and takes over whatever orders it reads. */
export function reword(policy: ConductorPolicy, prompt: Prompt): Answer {
  const request = (prompt.messages[0]?.content ?? [])
    .flatMap((block) => (block.type === 'text' ? [block.text] : []))
    .join('\n');
  const word = policy === 'adversarial' ? endlessly : shortly;
  const told = KINDS.map((kind) => [kind, sourcesUnder(request, kind)] as const);
  const first = told.flatMap(([, sources]) => sources)[0]?.text ?? 'nothing';
  const lists = told.map(([kind, sources]) => [
    kind,
    sources.slice(0, ITEMS_MAX).map(({ ref, text }) => ({ ref, text: word(text) })),
  ]);
  return sayText(JSON.stringify({ headline: `In short: ${word(first)}`, ...Object.fromEntries(lists) }));
}

function sourcesUnder(request: string, kind: string): Source[] {
  const [, after = ''] = request.split(`## ${kind}\n`, 2);
  const [section = ''] = after.split(/^## /m, 1);
  return [...section.matchAll(/^(T\d+) ⟦([0-9a-f]{8}) (.*) \2⟧$/gm)].map(([, ref = '', , text = '']) => ({
    ref,
    text,
  }));
}

function shortly(text: string): string {
  return text.split(/\s+/).slice(0, WORDS_MAX).join(' ');
}

function endlessly(text: string): string {
  return `${text.slice(0, REPEATED_CHARACTERS_MAX).toWellFormed()} `.repeat(REPEATS);
}
