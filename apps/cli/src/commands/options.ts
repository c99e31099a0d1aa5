import { InvalidArgumentError, Option } from 'commander';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '#contracts';

/** Parses a whole number between the bounds, for commander. */
export function integerBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document on stdout and nothing else');
}

export function limitOption(): Option {
  return new Option('--limit <n>', 'rows to show')
    .argParser(integerBetween(1, PAGE_LIMIT_MAX))
    .default(PAGE_LIMIT_DEFAULT);
}

export function cursorOption(): Option {
  return new Option('--cursor <cursor>', 'continue after the page that named this cursor');
}

export interface PageOptions {
  readonly json?: true;
  readonly limit: number;
  readonly cursor?: string;
}
