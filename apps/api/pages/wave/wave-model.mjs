// What the wave page shows, as plain values: no document in here, so that tests read it without a browser.

/** Of SECTION_NAMES in libs/contracts: which part of a request carries a section. */
const SYSTEM_SECTIONS = ['Z1', 'Z2', 'Z3'];
const USER_SECTIONS = ['Z4', 'Z5', 'Z6', 'Z7', 'Z8'];

/** 21650 → "21.7K"; below a thousand as it is. */
export function shortTokens(tokens) {
  return tokens < 1_000 ? String(tokens) : `${(tokens / 1_000).toFixed(tokens < 99_950 ? 1 : 0)}K`;
}

export function wholeTokens(tokens) {
  return tokens.toLocaleString('en');
}

/**
 * The bar: each section's share of the context budget in percent, and what stays free of it. `context` is what
 * GET /v1/waves/{id}/context answers.
 */
export function compositionOf(context) {
  const share = (tokens) => (100 * tokens) / context.budget_tokens;
  const parts = context.sections.map(({ name, title, tokens }) => ({
    name,
    title,
    tokens,
    percent: share(tokens),
  }));
  const freeTokens = Math.max(0, context.budget_tokens - context.total_tokens);
  return { parts, freeTokens, freePercent: share(freeTokens) };
}

/** "12 blocks, 3 shortened, 40 left out": how much of a section's subject is on the page. */
export function coverageOf(section) {
  const shown = section.blocks.filter(({ ref }) => ref !== 'heading' && ref !== 'omitted').length;
  const countOf = (accepts) =>
    section.omitted.filter(accepts).reduce((sum, omission) => sum + omission.count, 0);
  const shortened = countOf(({ reason }) => reason === 'shortened');
  const leftOut = countOf(({ reason }) => reason !== 'shortened');
  return [
    `${shown} ${shown === 1 ? 'block' : 'blocks'}`,
    ...(shortened > 0 ? [`${shortened} shortened`] : []),
    ...(leftOut > 0 ? [`${wholeTokens(leftOut)} left out`] : []),
  ].join(', ');
}

const REASONS = {
  shortened: 'shortened',
  no_room: 'no room',
  next_wave: 'waits for the next wave',
};

/** What was left out, why, and the call that fetches it. */
export function omissionText({ ref, count, reason, fetch }) {
  const what = ref ?? `${wholeTokens(count)} more`;
  return `${what}: ${REASONS[reason] ?? reason}${fetch === null ? '' : ` (${fetch})`}`;
}

/** A section exactly as it stood in the first request. */
export function sectionText(context, name) {
  const [request] = context.requests;
  if (request === undefined) return '';
  if (name === 'Z0') return JSON.stringify(request.tools, null, 2);
  const blocks = SYSTEM_SECTIONS.includes(name) ? request.system : request.messages[0].content;
  const place = SYSTEM_SECTIONS.includes(name) ? SYSTEM_SECTIONS.indexOf(name) : USER_SECTIONS.indexOf(name);
  return blocks[place]?.text ?? '';
}

/** What a decision came to, in one line. */
export function decisionText({ tool, outcome, reason, changed, input }) {
  const refs = changed.map(({ ref }) => ref);
  const subject = refs.length > 0 ? refs.join(', ') : (input.ref ?? input.key ?? '');
  return [tool, subject, outcome === 'rejected' ? `rejected: ${reason}` : ''].filter(Boolean).join(' · ');
}

/** Seconds that a wave took; null while it runs. */
export function secondsOf({ started_at, ended_at }) {
  return ended_at === null ? null : (new Date(ended_at).getTime() - new Date(started_at).getTime()) / 1_000;
}

/** Whether the ledger still makes the same bytes, in words. */
export function rebuildText({ equal, sha256, expected_sha256 }) {
  return equal
    ? `The ledger makes the same bytes again (sha-256 ${sha256.slice(0, 12)}…).`
    : `The bytes differ: now ${sha256.slice(0, 12)}…, then ${expected_sha256.slice(0, 12)}…. Was the service upgraded since?`;
}

/** What to do about a failed request; `status` 0 when there was no answer. */
export function failureText(status) {
  if (status === 401) return 'This browser is not signed in any more. Reload to sign in again.';
  if (status === 403) return 'This key may not read missions (scope missions:read). Paste another one.';
  if (status === 404) return 'There is no such wave for this key. Was it another tenant’s?';
  if (status === 429) return 'Too many requests for now. Wait a moment and reload.';
  return 'The service did not answer. Is it running? Reload to try again.';
}
