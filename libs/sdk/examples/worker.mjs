import { worker } from '@wavekeeper/sdk';

await worker({ pool: 'build', concurrency: 4 }, async (task, ctx) => {
  await ctx.progress(0.5, 'compiling');
  return { ok: true, built: task.title };
});
