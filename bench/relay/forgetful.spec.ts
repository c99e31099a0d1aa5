import {
  rollingSummary,
  runForgetful,
  SUMMARY_TOKENS_MAX,
  TRANSCRIPT_TOKENS_MAX,
  truncatedConversation,
} from './forgetful.js';
import { makeWorld } from './world.js';

const world = makeWorld(7, 100);

describe('policies without a ledger', () => {
  it('keep no more than they may, and forget what is long ago', async () => {
    for (const [memory, tokensMax] of [
      [truncatedConversation, TRANSCRIPT_TOKENS_MAX],
      [rollingSummary(7), SUMMARY_TOKENS_MAX],
    ] as const) {
      const { retention } = await runForgetful(world, [1, 10, 100], memory);
      const recall = retention.map(({ recall_within_2_reads }) => recall_within_2_reads);
      expect(recall[0]).toBe(1);
      expect(recall[2]).toBeLessThan(recall[1] ?? 0);
      for (const { context_tokens } of retention) expect(context_tokens).toBeLessThanOrEqual(tokensMax);
    }
  });

  it('lose tasks whose results come late, where a longer memory loses fewer', async () => {
    const short = await runForgetful(world, [], rollingSummary(7));
    const long = await runForgetful(world, [], (lines) => lines);
    expect(long).toMatchObject({ tasks: 200, lost_tasks: 0, duplicate_dispatches: 0 });
    expect(short.lost_tasks + short.duplicate_dispatches).toBeGreaterThan(0);
  });
});
