import {
  CONDUCTOR_TOOL_DESCRIPTIONS,
  CONDUCTOR_TOOLS,
  readToolSchemas,
  REF_PATTERN,
  writeToolSchemas,
} from './conductor-tools.js';
import { policySchema } from './policy.js';

describe('the conductor’s tools', () => {
  it('are told to the model each once, with what they are for', () => {
    const tools = [...Object.keys(readToolSchemas), ...Object.keys(writeToolSchemas)];
    expect([...CONDUCTOR_TOOLS].sort()).toEqual(tools.sort());
    expect(Object.keys(CONDUCTOR_TOOL_DESCRIPTIONS).sort()).toEqual(tools.sort());
  });

  it.each(['T1', 'A88', 'D3', 'N7', 'T1234567890'])('know the ref %s', (ref) => {
    expect(ref).toMatch(REF_PATTERN);
  });

  it.each(['', 'T0', 'T01', 't1', 'I1', 'T1 ', 'T12345678901', 'X1'])('know no ref "%s"', (ref) => {
    expect(ref).not.toMatch(REF_PATTERN);
  });

  it('are bounded: a call with more items than a page is refused whole', () => {
    const refs = Array.from({ length: 21 }, (_, place) => `T${place + 1}`);
    expect(writeToolSchemas.task_dispatch.safeParse({ refs: refs.slice(1) }).success).toBe(true);
    expect(writeToolSchemas.task_dispatch.safeParse({ refs }).success).toBe(false);
    expect(writeToolSchemas.task_dispatch.safeParse({ refs: [] }).success).toBe(false);
    expect(writeToolSchemas.handoff.safeParse({ note: 'x'.repeat(1_201), done: true }).success).toBe(false);
  });

  it('take no field that they do not know, so that a slip is told and not passed over', () => {
    expect(writeToolSchemas.task_upsert.safeParse({ items: [{ key: 'a', tilte: 'A' }] }).success).toBe(false);
    expect(readToolSchemas.ledger_get.safeParse({ refs: ['T1'], limit: 5 }).success).toBe(false);
  });

  it('name workers as a policy does', () => {
    const pool = 'gpu-2';
    expect(policySchema.shape.workers.safeParse([pool]).success).toBe(true);
    expect(writeToolSchemas.task_dispatch.safeParse({ refs: ['T1'], worker: pool }).success).toBe(true);
    expect(writeToolSchemas.task_dispatch.safeParse({ refs: ['T1'], worker: 'GPU 2' }).success).toBe(false);
  });
});
