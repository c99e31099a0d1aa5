import { settingsSchema } from './settings.js';

/** The reference page of the environment, in Markdown, made from the table that the service reads it by. */
export function environmentPage(): string {
  const rows = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const fallback: unknown = schema.safeParse(undefined).data;
    return `| \`${name}\` | ${defaultText(fallback)} | ${schema.description ?? ''} |`;
  });
  return [
    '# Environment',
    '',
    'Made by `npm run docs` from `libs/config/src/settings.ts`. A value that does not fit stops the service at its start, with a message that says why.',
    '',
    '| variable | default | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function defaultText(fallback: unknown): string {
  if (fallback === undefined) return 'unset';
  return `\`${Array.isArray(fallback) ? fallback.join(',') : JSON.stringify(fallback).replaceAll('"', '')}\``;
}
