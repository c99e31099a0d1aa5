// The read-only page of one wave: what it saw, block by block, what it decided, and whether the ledger still makes the
// same bytes. Everything that anybody wrote is put in as text, never as markup. It reads with
// the session of this browser, and asks for a key when there is none.
import {
  compositionOf,
  coverageOf,
  decisionText,
  failureText,
  omissionText,
  rebuildText,
  secondsOf,
  sectionText,
  shortTokens,
  wholeTokens,
} from './wave-model.mjs';
import { signIn, signInText } from '../session.mjs';

const CREATED = 201;
/** A bar's label is shown where it has room. */
const LABEL_PERCENT_MIN = 6;

const page = document.getElementById('page');
const waveId = decodeURIComponent(location.pathname.split('/').at(-1));

class Refused extends Error {
  constructor(status) {
    super(failureText(status));
    this.status = status;
    this.asksForKey = status === 401 || status === 403 || status === 404;
  }
}

async function read(path) {
  const response = await fetch(path).catch(() => null);
  if (response === null || !response.ok) throw new Refused(response?.status ?? 0);
  return response.json();
}

/** The manifest and requests of a wave; null when it ended before it asked anything. */
async function readContext() {
  try {
    return await read(`/v1/waves/${waveId}/context`);
  } catch (error) {
    if (error instanceof Refused && error.asksForKey) return null;
    throw error;
  }
}

/** An element; strings among the children become text. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.flat());
  return made;
}

const cell = (...children) => element('td', {}, ...children);
const numberCell = (tokens) => element('td', { class: 'number' }, wholeTokens(tokens));

async function show() {
  page.replaceChildren(element('p', { class: 'quiet', role: 'status' }, 'Reading the wave …'));
  try {
    const wave = await read(`/v1/waves/${waveId}`);
    const [mission, context] = await Promise.all([read(`/v1/missions/${wave.mission_id}`), readContext()]);
    document.title = `Wave ${wave.number} · ${mission.title} · Wavekeeper`;
    page.replaceChildren(...heading(wave, mission), ...seen(context), ...decided(wave), ...sent(context));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.asksForKey) askForKey(error.status === 401 ? '' : error.message);
    else page.replaceChildren(element('p', { role: 'alert' }, error.message));
  }
}

function askForKey(complaint) {
  const field = element('input', {
    id: 'key',
    type: 'password',
    autocomplete: 'off',
    placeholder: 'wk_…',
    required: '',
  });
  const form = element(
    'form',
    {},
    element('label', { for: 'key' }, 'API key of the tenant (scope missions:read)'),
    field,
    element('button', { class: 'primary', type: 'submit' }, 'Show the wave'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void signInAndShow(field.value.trim());
  });
  page.replaceChildren(
    element('h1', {}, 'What a wave saw'),
    ...(complaint === '' ? [] : [element('p', { role: 'alert', class: 'rejected' }, complaint)]),
    form,
    element(
      'p',
      { class: 'quiet' },
      'The key signs this browser in and is not kept. A local service has it in ~/.wavekeeper/credentials.json.',
    ),
  );
  field.focus();
}

async function signInAndShow(apiKey) {
  const status = await signIn({ api_key: apiKey });
  if (status === CREATED) await show();
  else askForKey(signInText(status));
}

function heading(wave, mission) {
  const seconds = secondsOf(wave);
  const { usage, context } = wave;
  const fact = (name, value, detail) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value, element('small', {}, detail)));
  return [
    element('h1', {}, `Wave ${wave.number} of ${mission.title}`),
    element(
      'p',
      { class: 'quiet' },
      `${wave.state} · trigger ${wave.trigger}${wave.stop_reason === null ? '' : ` · ended by ${wave.stop_reason}`} · ${wave.model} · `,
      element('span', { class: 'mono' }, wave.id),
    ),
    element(
      'dl',
      { class: 'facts' },
      fact(
        'Largest request',
        `${shortTokens(wave.peak_request_tokens)} / ${shortTokens(context.budget)}`,
        `level ${context.level}, never above the budget`,
      ),
      fact('Requests', String(wave.requests), seconds === null ? 'running' : `in ${seconds.toFixed(1)} s`),
      fact(
        'Input tokens',
        wholeTokens(usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens),
        `${wholeTokens(usage.cache_read_tokens)} of them read from the cache`,
      ),
      fact('Output tokens', wholeTokens(usage.output_tokens), `cost $${usage.cost_usd}`),
    ),
  ];
}

function seen(context) {
  const title = element('h2', {}, 'What it saw');
  if (context === null)
    return [title, element('p', { class: 'quiet' }, 'This wave ended before it asked anything.')];
  const { parts, freeTokens, freePercent } = compositionOf(context);
  const summary = `${wholeTokens(context.total_tokens)} of ${wholeTokens(context.budget_tokens)} tokens as the builder counts, ${wholeTokens(context.counted_tokens)} as the provider counts; packed for ${wholeTokens(context.target_tokens)}`;
  const bar = element(
    'div',
    { class: 'bar', role: 'img', 'aria-label': `${summary}. The table below has the sections.` },
    parts.map(({ name, title: label, tokens, percent }) => {
      const part = element(
        'span',
        { class: name, title: `${name} ${label}: ${wholeTokens(tokens)}` },
        percent < LABEL_PERCENT_MIN ? '' : shortTokens(tokens),
      );
      part.style.width = `${percent}%`;
      return part;
    }),
  );
  bar.title = `${wholeTokens(freeTokens)} free (${freePercent.toFixed(0)} %)`;
  return [title, element('p', { class: 'quiet' }, `${summary}.`), bar, sectionTable(context), rebuild()];
}

function sectionTable(context) {
  const head = ['Section', 'Tokens', 'May have', 'On the page'];
  const rows = context.sections.map((section) =>
    element(
      'tr',
      {},
      cell(sectionDetails(context, section)),
      numberCell(section.tokens),
      numberCell(section.ceiling),
      cell(coverageOf(section)),
    ),
  );
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          head.map((name, index) =>
            element('th', { scope: 'col', class: index === 1 || index === 2 ? 'number' : '' }, name),
          ),
        ),
      ),
      element('tbody', {}, rows),
    ),
  );
}

/** Made when it is opened: a page of thirty sections and blocks is quick to show. */
function sectionDetails(context, section) {
  const details = element(
    'details',
    {},
    element(
      'summary',
      {},
      element('span', { class: `swatch ${section.name}` }),
      `${section.name} ${section.title}`,
    ),
  );
  details.addEventListener(
    'toggle',
    () => {
      details.append(
        blockTable(section.blocks),
        ...(section.omitted.length === 0
          ? []
          : [
              element('p', {}, 'Not on the page, or not in full:'),
              element(
                'ul',
                {},
                section.omitted.map((omission) => element('li', { class: 'mono' }, omissionText(omission))),
              ),
            ]),
        element('pre', { tabindex: '0' }, sectionText(context, section.name)),
      );
    },
    { once: true },
  );
  return details;
}

function blockTable(blocks) {
  const rows = blocks.map(({ ref, source, rung, tokens, sha256 }) =>
    element(
      'tr',
      {},
      cell(element('code', {}, ref)),
      cell(source),
      cell(rung),
      numberCell(tokens),
      cell(element('code', { title: sha256 }, sha256.slice(0, 12))),
    ),
  );
  const head = ['Block', 'Source', 'Rung', 'Tokens', 'sha-256'].map((name) =>
    element('th', { scope: 'col' }, name),
  );
  return element('table', {}, element('thead', {}, element('tr', {}, head)), element('tbody', {}, rows));
}

function rebuild() {
  const button = element('button', { type: 'button' }, 'Rebuild now');
  const verdict = element('span', { role: 'status' }, '');
  button.addEventListener('click', async () => {
    verdict.textContent = ' …';
    const result = await read(`/v1/waves/${waveId}/context?rebuild=true`).catch((error) => error);
    verdict.className = result.rebuild?.equal === true ? 'good' : 'rejected';
    verdict.textContent = ` ${result instanceof Error ? result.message : rebuildText(result.rebuild)}`;
  });
  return element('p', {}, button, verdict);
}

function decided(wave) {
  const title = element('h2', {}, 'What it decided');
  const note =
    wave.handoff_note === null || wave.handoff_note === ''
      ? []
      : [
          element('h2', {}, 'What it left for the next one'),
          element('pre', { tabindex: '0' }, wave.handoff_note),
        ];
  if (wave.decisions.length === 0) return [title, element('p', { class: 'quiet' }, 'Nothing.'), ...note];
  const items = wave.decisions.map((decision) =>
    element(
      'li',
      { class: decision.outcome },
      element(
        'details',
        {},
        element('summary', {}, decisionText(decision)),
        element('pre', { tabindex: '0' }, JSON.stringify(decision.input, null, 2)),
      ),
    ),
  );
  return [title, element('ol', { class: 'decisions' }, items), ...note];
}

function sent(context) {
  if (context === null) return [];
  const requests = context.requests.map((request, index) => {
    const details = element('details', {}, element('summary', {}, `Request ${index + 1}, exactly as sent`));
    details.addEventListener(
      'toggle',
      () => {
        details.append(element('pre', { tabindex: '0' }, JSON.stringify(request, null, 2)));
      },
      { once: true },
    );
    return details;
  });
  return [element('h2', {}, 'Requests'), ...requests];
}

void show();
