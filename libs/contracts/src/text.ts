import { z } from 'zod';

/** Issue code of text that Postgres or a model could not carry unchanged; the API answers 422 with it. */
export const INVALID_TEXT = 'invalid_text';

/** Text Postgres stores unchanged: no NUL and no lone surrogate (both are silently altered or refused further down). */
export function isStorableText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** What a model or a worker wrote is never refused for its characters: what cannot be stored becomes U+FFFD. */
export function toStorableText(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed();
}

/** A string of at most `charactersMax` UTF-16 units that can be stored unchanged. */
export function storableText(charactersMax: number, charactersMin = 0): z.ZodType<string, string> {
  return z
    .string()
    .min(charactersMin)
    .max(charactersMax)
    .refine(isStorableText, { error: 'contains NUL or a lone surrogate', params: { code: INVALID_TEXT } });
}

/** Levels of nesting that a JSON document from outside may have. */
export const JSON_DEPTH_MAX = 32;

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Any JSON whose text can be stored unchanged, keys included. Depth is checked for whole bodies, at the HTTP edge. */
export const jsonSchema: z.ZodType<Json, Json> = z.json().refine(isStorableJson, {
  error: 'contains NUL or a lone surrogate',
  params: { code: INVALID_TEXT },
});

/** `metadata`: the caller's own keys, carried along and never interpreted except where the API says so. */
export const METADATA_BYTES_MAX = 16_384;
export const metadataSchema: z.ZodType<Record<string, Json>, Record<string, Json>> = z
  .record(z.string(), jsonSchema)
  .refine((value) => isStorableJson(value), {
    error: 'contains NUL or a lone surrogate',
    params: { code: INVALID_TEXT },
  })
  .refine((value) => JSON.stringify(value).length <= METADATA_BYTES_MAX, {
    error: `metadata is limited to ${METADATA_BYTES_MAX} characters of JSON`,
  });

function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorableText(value);
  if (Array.isArray(value)) return value.every(isStorableJson);
  if (value !== null && typeof value === 'object')
    return Object.entries(value).every(([key, inner]) => isStorableText(key) && isStorableJson(inner));
  return true;
}
