import { TypeID, typeid } from 'typeid-js';
import { z } from 'zod';

/** What each id names. Stored as native `uuid` (version 7), written as TypeID (`tsk_01h…`) outside the database. */
export const ID_PREFIXES = {
  tenant: 'tnt',
  mission: 'msn',
  task: 'tsk',
  attempt: 'att',
  wave: 'wav',
  inputRequest: 'inp',
  message: 'msg',
  directive: 'dir',
  note: 'not',
  digest: 'dig',
  schedule: 'sch',
  endpoint: 'whe',
  delivery: 'whd',
  apiKey: 'key',
  session: 'ses',
  auditEntry: 'aud',
  event: 'evt',
  artifact: 'art',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/** A fresh UUIDv7 in its native form, for a new row. */
export function newUuid(): string {
  return typeid('x').toUUID();
}

/** No later than any `newUuid` of that instant: ids begin with their time, so that rows since then are a range of the key. */
export function earliestUuidAt(instant: Date): string {
  const hex = Math.max(0, instant.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}

/** `('task', uuid)` → `tsk_…`. */
export function encodeId(kind: IdKind, uuid: string): string {
  return TypeID.fromUUID(ID_PREFIXES[kind], uuid).toString();
}

export function encodeOptionalId(kind: IdKind, uuid: string | null): string | null {
  return uuid === null ? null : encodeId(kind, uuid);
}

/** `tsk_…` → uuid, or null when the text is no id of that kind: a caller answers that like a missing row. */
export function decodeId(kind: IdKind, text: string): string | null {
  try {
    return TypeID.fromString(text, ID_PREFIXES[kind]).toUUID();
  } catch {
    return null;
  }
}

/** The shape of an id in documents; existence and kind are decided where it is resolved. */
export function idSchema(kind: IdKind): z.ZodString {
  return z.string().describe(`TypeID with the prefix ${ID_PREFIXES[kind]}_`);
}
