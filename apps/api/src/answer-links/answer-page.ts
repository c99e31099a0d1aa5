import { createHash } from 'node:crypto';
import { ANSWER_CHARACTERS_MAX, type InputRequest } from '#contracts';

/** Where answer links lead; the token follows. */
export const ANSWER_PATH = '/answer';

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 2rem 1rem; }
main { max-width: 38rem; margin: 0 auto; }
.prompt { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 1.25rem; }
.quiet { opacity: .75; font-size: .875rem; overflow-wrap: anywhere; }
label { display: block; margin: 1rem 0; }
textarea { display: block; box-sizing: border-box; width: 100%; margin-top: .25rem; font: inherit; }
button { font: inherit; padding: .5rem 1rem; margin: 0 .5rem .5rem 0; overflow-wrap: anywhere; }`;

/** No script, nothing from anywhere, this one style: what an agent wrote can only be read. */
export const ANSWER_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the page shows of a question. */
export type AskedQuestion = Pick<
  InputRequest,
  'ref' | 'kind' | 'prompt' | 'options' | 'deadline_at' | 'default' | 'on_timeout' | 'blocks'
> & { readonly missionTitle: string };

/** The question with a form for its answer. It is a form, and a form sends nothing until a person presses a button. */
export function questionPage(question: AskedQuestion): string {
  return page('A question for you', [
    `<p class="quiet">${escape(question.missionTitle)} · ${escape(question.ref)}</p>`,
    `<h1 class="prompt">${escape(question.prompt)}</h1>`,
    `<p class="quiet">${escape(waitingText(question))} ${escape(deadlineText(question))}</p>`,
    '<form method="post">',
    ...answerFields(question),
    '</form>',
    '<p class="quiet">The first answer counts. This page answers this one question and shows nothing else.</p>',
  ]);
}

/** A page that only says something. */
export function messagePage(title: string, text: string): string {
  return page(title, [`<h1>${escape(title)}</h1>`, `<p>${escape(text)}</p>`]);
}

function page(title: string, body: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(title)} · Wavekeeper</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body.join('\n')}
</main>
</body>
</html>
`;
}

function answerFields({ kind, options }: AskedQuestion): string[] {
  const comment = field('comment', 'A word to go with it, if you like', '');
  if (kind === 'text') return [field('value', 'Your answer', ' required'), comment, '<button>Send</button>'];
  const buttons = options.map(
    ({ value, label }) => `<button name="value" value="${escape(value)}">${escape(label)}</button>`,
  );
  return [comment, ...buttons];
}

function field(name: string, label: string, more: string): string {
  return `<label>${label}<textarea name="${name}" rows="3" maxlength="${ANSWER_CHARACTERS_MAX}"${more}></textarea></label>`;
}

function waitingText({ blocks }: AskedQuestion): string {
  if (blocks.length === 0) return 'No task waits for the answer.';
  return blocks.length === 1
    ? 'One task waits for the answer.'
    : `${blocks.length} tasks wait for the answer.`;
}

function deadlineText({ deadline_at, on_timeout, ...question }: AskedQuestion): string {
  if (deadline_at === null || on_timeout === null) return 'There is no deadline.';
  const outcome = {
    default: `the answer is “${question.default ?? ''}”`,
    hold: 'the mission stops and asks how to go on',
    fail: 'what waits for it fails',
  }[on_timeout];
  return `Without one by ${deadline_at.slice(0, 16).replace('T', ' ')} UTC ${outcome}.`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text stays text, in an element and in a quoted attribute. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
