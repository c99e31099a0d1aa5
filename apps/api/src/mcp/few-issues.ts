import type { z } from 'zod';
import { excerpt } from './bounded-answer.js';

const ISSUES_MAX = 5;
const MESSAGE_BYTES_MAX = 200;
const PATH_MAX = 6;
const NAME_BYTES_MAX = 60;

/** A tool's input, whose refusals name the first few things that are wrong, each in short: they too are read by a model. */
export function withFewIssues<Input extends z.ZodObject>(input: Input): Pick<Input, '~standard'> {
  const standard = input['~standard'];
  const validate: typeof standard.validate = async (value, options) => {
    const result = await standard.validate(value, options);
    if (result.issues === undefined) return result;
    const issues = result.issues.slice(0, ISSUES_MAX).map(({ message, path = [] }) => ({
      message: excerpt(message, MESSAGE_BYTES_MAX),
      path: path.slice(0, PATH_MAX).map((part) => shortName(typeof part === 'object' ? part.key : part)),
    }));
    return { issues };
  };
  return { '~standard': { ...standard, validate } };
}

function shortName(name: PropertyKey): PropertyKey {
  return typeof name === 'string' ? excerpt(name, NAME_BYTES_MAX) : name;
}
