import { Controller, Get, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  conductorGaugeSchema,
  contextManifestSchema,
  encodeId,
  pageOf,
  rotationInputSchema,
  rotationPreviewSchema,
  rotationSchema,
  waveSchema,
  type RotationInput,
} from '#contracts';
import { expectTokens, rebuildWaveContext } from '#conductor';
import { Transactions } from '#database';
import {
  listWaves,
  previewRotation,
  readMissionStatus,
  readWaveContext,
  readWaveWithDecisions,
  type Resource,
} from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { numberAfter, numberCursor, pageQuery, readNumberCursor, toPage } from '../edge/page.js';
import { notFoundProblem } from '../edge/problem.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { rotateAudited } from './rotate-audited.js';
import { gaugeView, waveView } from './waves.view.js';

const wavesQuery = pageQuery.extend({
  number: numberAfter.optional().describe('only the wave of this number'),
});
const previewQuery = z.object({ keep_note: z.enum(['true', 'false']).default('false') });
const contextQuery = z.object({ rebuild: z.enum(['true', 'false']).default('false') });

@Controller('v1')
export class WavesController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
  ) {}

  @Get('missions/:id/conductor')
  @Route({
    summary: 'How full the conductor’s context is',
    access: ['missions:read'],
    subject: 'mission',
    answer: conductorGaugeSchema,
  })
  async readConductor(@CurrentCall() call: Call, @Subject() subject: Resource) {
    return this.transactions.inTransaction(call.tenantId, async (tx) => {
      const mission = await readMissionStatus(tx, subject.id);
      const wave = mission.waveId === null ? null : await readWaveWithDecisions(tx, mission.waveId);
      return gaugeView(mission, wave);
    });
  }

  @Post('missions/:id/conductor/rotate')
  @Route({
    summary: 'Archive the conductor and start a fresh one, after the running wave or now',
    access: ['missions:write'],
    subject: 'mission',
    status: 202,
    answer: rotationSchema,
  })
  async rotateConductor(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @JsonBody(rotationInputSchema) input: RotationInput,
  ) {
    return this.commands.run(call, async (tx) => ({
      status: 202,
      body: await rotateAudited(tx, mission.id, input, call.actor),
    }));
  }

  @Get('missions/:id/conductor/rotation-preview')
  @Route({
    summary: 'What a rotation would keep, drop and come to, by the ledger as it is now',
    access: ['missions:read'],
    subject: 'mission',
    answer: rotationPreviewSchema,
  })
  async previewRotation(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(previewQuery) query: z.output<typeof previewQuery>,
  ) {
    const choice = { keepNote: query.keep_note === 'true' };
    return this.transactions.inTransaction(call.tenantId, (tx) =>
      previewRotation(tx, mission.id, choice, expectTokens),
    );
  }

  @Get('missions/:id/waves')
  @Route({
    summary: 'List waves, newest first',
    access: ['missions:read'],
    subject: 'mission',
    answer: pageOf(waveSchema),
  })
  async listWaves(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(wavesQuery) query: z.output<typeof wavesQuery>,
  ) {
    const page = {
      number: query.number ?? null,
      beforeNumber: readNumberCursor(query.cursor),
      take: query.limit + 1,
    };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listWaves(tx, mission.id, page),
    );
    return toPage(rows, query.limit, { view: waveView, cursor: (row) => numberCursor(row.number) });
  }

  @Get('waves/:id')
  @Route({
    summary: 'Read a wave with its decisions',
    access: ['missions:read'],
    subject: 'wave',
    answer: waveSchema,
  })
  async readWave(@CurrentCall() call: Call, @Subject() wave: Resource) {
    return this.transactions.inTransaction(call.tenantId, async (tx) =>
      waveView(await readWaveWithDecisions(tx, wave.id)),
    );
  }

  @Get('waves/:id/context')
  @Route({
    summary: 'Exactly what a wave saw, and whether the ledger still makes the same bytes',
    access: ['missions:read'],
    subject: 'wave',
    answer: contextManifestSchema,
  })
  async readWaveContext(
    @CurrentCall() call: Call,
    @Subject() wave: Resource,
    @QueryOf(contextQuery) query: z.output<typeof contextQuery>,
  ) {
    return this.transactions.inTransaction(call.tenantId, async (tx) => {
      const context = await readWaveContext(tx, wave.id);
      if (context === null) throw notFoundProblem(); // the wave ended before it asked anything
      const rebuild = query.rebuild === 'true' ? await rebuildWaveContext(tx, wave.id) : null;
      return {
        ...context.manifest,
        wave_id: encodeId('wave', wave.id),
        requests: [...(context.kept?.requests ?? [])],
        requests_kept: context.kept !== null,
        rebuild,
      };
    });
  }
}
