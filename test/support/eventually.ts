import { setTimeout as delay } from 'node:timers/promises';

const ASK_AGAIN_MS = 50;

/** Asks until the answer is there; fails with `what` when it does not come. For what another process or loop does. */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer | null | undefined | false>,
  withinMs = 120_000,
): Promise<Answer> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`it never came: ${what}`);
    await delay(ASK_AGAIN_MS);
  }
}
