import { Controller, Inject, Post } from '@nestjs/common';
import { rebuiltDigestsSchema } from '#contracts';
import { rebuildDigests, type Resource } from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';

@Controller('v1/missions/:id/digests')
export class DigestsController {
  constructor(@Inject(CommandRunner) private readonly commands: CommandRunner) {}

  @Post('rebuild')
  @Route({
    summary: 'Make the digest tree again from the ends of tasks',
    access: ['missions:write'],
    subject: 'mission',
    answer: rebuiltDigestsSchema,
  })
  async rebuild(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return this.commands.run(call, async (tx) => {
      const { taskEnds, digests } = await rebuildDigests(tx, mission.id);
      return { status: 200, body: { task_ends: taskEnds, digests } };
    });
  }
}
