import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CONDUCTOR_POLICIES } from './domain/conductor-policy.js';
import { FAULT_KINDS } from './domain/faults.js';
import { ROLES } from './domain/parse-request-text.js';

const FAULTS_MAX = 1_000;
const LATENCY_MS_MAX = 60_000;

const faultSchema = z.strictObject({
  match: z.strictObject({
    role: z.enum(ROLES),
    nth: z
      .int()
      .min(1)
      .describe('which message request of the role since the start, failed ones included, counts not'),
  }),
  do: z.enum(FAULT_KINDS),
  times: z.int().min(1).default(1).describe('for how many requests in a row'),
});

/** What the simulator is told beforehand; every field has a default. */
export const simulatorScriptSchema = z.strictObject({
  seed: z.int().default(1).describe('varies the results that workers invent'),
  latency_ms: z.number().min(0).max(LATENCY_MS_MAX).default(0).describe('before the headers of each answer'),
  faults: z.array(faultSchema).max(FAULTS_MAX).default([]),
  thinking: z.boolean().default(false).describe('whether models think without being asked to'),
  counts_tokens: z.boolean().default(true).describe('false: there is no endpoint that counts'),
  retry_after_seconds: z.int().min(0).max(86_400).default(1).describe('what a 429 asks for'),
  slow_ms: z.int().min(0).max(10_000).default(20).describe('between two events of a slow stream'),
  conductor: z.enum(CONDUCTOR_POLICIES).default('plan'),
  conductors: z
    .record(z.string(), z.enum(CONDUCTOR_POLICIES))
    .default({})
    .describe('models whose conductor is another'),
});

/** A script as it is written; parsed, its defaults are filled in. */
export type SimulatorScript = z.input<typeof simulatorScriptSchema>;
export type ParsedScript = z.output<typeof simulatorScriptSchema>;

/** Reads a JSON file. Throws what `readFile`, `JSON.parse` or the schema throws: a script that does not fit stops the start. */
export async function readSimulatorScript(path: string): Promise<ParsedScript> {
  return simulatorScriptSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}
