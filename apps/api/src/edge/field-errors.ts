import type { z } from 'zod';
import { INVALID_TEXT } from '#contracts';
import type { FieldError } from './problem.js';

/** A body with thousands of mistakes is told about the first of them. */
const FIELD_ERRORS_MAX = 20;

/** What a schema found, in the API's words. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.slice(0, FIELD_ERRORS_MAX).flatMap(fieldErrorsOf);
}

function fieldErrorsOf(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, FIELD_ERRORS_MAX).map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      code: 'unknown_field',
      message: 'is not a field of this resource',
    }));
  const isText = issue.code === 'custom' && issue.params?.code === INVALID_TEXT;
  return [
    { pointer: pointerTo(issue.path), code: isText ? INVALID_TEXT : issue.code, message: issue.message },
  ];
}

/** RFC 6901. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
