import { Controller, Get, Inject, Patch, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  callbackSchema,
  encodeId,
  missionInputSchema,
  missionPatchSchema,
  missionSchema,
  missionStatusSchema,
  pageOf,
  type Mission,
  type MissionInput,
  type MissionPatch,
} from '#contracts';
import { Transactions, type Tx } from '#database';
import {
  controlMission,
  createMission,
  ensureCallbackEndpoints,
  listMissions,
  lockMissionStatus,
  readMissionStatus,
  updateMission,
  type Resource,
} from '#ledger';
import { recordAudit, SecretBox } from '#tenancy';
import { fieldsOf } from '../audit/fields-of.js';
import { requireRoomForAll } from '../directives/require-room.js';
import { CHECK_WEBHOOK_URL, type CheckWebhookUrl } from '../dependencies.js';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { requireWebhookUrl } from '../edge/webhook-url.js';
import { requireMatch, twoPartTag } from '../edge/entity-tag.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { firstCallback } from '../endpoints/endpoints.view.js';
import { changeableView, missionView } from './missions.view.js';

const listQuery = pageQuery.extend({ state: missionStatusSchema.optional() });
const createdSchema = missionSchema
  .extend({ callback: callbackSchema.optional() })
  .meta({ id: 'CreatedMission' });

@Controller('v1/missions')
export class MissionsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(SecretBox) private readonly secretBox: SecretBox,
    @Inject(CHECK_WEBHOOK_URL) private readonly checkWebhookUrl: CheckWebhookUrl,
  ) {}

  @Post()
  @Route({
    summary: 'Create a mission; the secret of its callback_url is shown once',
    access: ['missions:write'],
    status: 201,
    answer: createdSchema,
  })
  async createMission(@CurrentCall() call: Call, @JsonBody(missionInputSchema) input: MissionInput) {
    requireWebhookUrl(this.checkWebhookUrl, input.callback_url, '/callback_url');
    requireRoomForAll(input);
    return this.commands.run(call, async (tx) => {
      const id = await createMission(tx, input, call.actor);
      const urls = input.callback_url === null ? [] : [input.callback_url];
      const callbacks = await ensureCallbackEndpoints(tx, this.secretBox, id, urls);
      return { status: 201, body: { ...(await readView(tx, id)), ...firstCallback(callbacks) } };
    });
  }

  @Get()
  @Route({
    summary: 'List missions, newest first',
    access: ['missions:read'],
    narrowsToMission: true,
    answer: pageOf(missionSchema),
  })
  async listMissions(@CurrentCall() call: Call, @QueryOf(listQuery) query: z.output<typeof listQuery>) {
    const after = readTimeCursor(query.cursor);
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listMissions(tx, {
        status: query.state ?? null,
        onlyId: call.boundMissionId,
        after,
        take: query.limit + 1,
      }),
    );
    return toPage(rows, query.limit, { view: missionView, cursor: timeCursor });
  }

  @Get(':id')
  @Route({ summary: 'Read a mission', access: ['missions:read'], subject: 'mission', answer: missionSchema })
  async readMission(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return tagged(
      call,
      await this.transactions.inTransaction(call.tenantId, (tx) => readView(tx, mission.id)),
    );
  }

  @Patch(':id')
  @Route({
    summary: 'Change title, policy (merged) or budget',
    access: ['missions:write'],
    subject: 'mission',
    answer: missionSchema,
  })
  async updateMission(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @JsonBody(missionPatchSchema) patch: MissionPatch,
  ) {
    const changed = await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const before = missionView(await lockMissionStatus(tx, mission.id));
      requireMatch(call.request, changeableView(before));
      await updateMission(tx, mission.id, patch, call.actor);
      const after = await readView(tx, mission.id);
      await recordAudit(tx, {
        actor: call.actor,
        action: 'mission.updated',
        subjectId: after.id,
        before: fieldsOf(before, patch),
        after: fieldsOf(after, patch),
      });
      return after;
    });
    return tagged(call, changed);
  }

  @Post(':id/pause')
  @Route({
    summary: 'Stop new waves and claims',
    access: ['missions:write'],
    subject: 'mission',
    answer: missionSchema,
  })
  async pauseMission(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return this.control(call, mission, 'pause');
  }

  @Post(':id/resume')
  @Route({
    summary: 'Take up work again, and drop the holds',
    access: ['missions:write'],
    subject: 'mission',
    answer: missionSchema,
  })
  async resumeMission(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return this.control(call, mission, 'resume');
  }

  @Post(':id/cancel')
  @Route({
    summary: 'End the mission and cancel what is open',
    access: ['missions:write'],
    subject: 'mission',
    answer: missionSchema,
  })
  async cancelMission(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return this.control(call, mission, 'cancel');
  }

  @Post(':id/archive')
  @Route({
    summary: 'Put the mission away for good',
    access: ['missions:write'],
    subject: 'mission',
    answer: missionSchema,
  })
  async archiveMission(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return this.control(call, mission, 'archive');
  }

  private control(call: Call, mission: Resource, action: 'pause' | 'resume' | 'cancel' | 'archive') {
    return this.commands.run(call, async (tx) => {
      const before = await lockMissionStatus(tx, mission.id);
      await controlMission(tx, mission.id, action, call.actor);
      const after = await readView(tx, mission.id);
      await recordAudit(tx, {
        actor: call.actor,
        action: AUDITED[action],
        subjectId: encodeId('mission', mission.id),
        before: { state: before.status, holds: before.holds },
        after: { state: after.state, holds: after.holds },
      });
      return { status: 200, body: after };
    });
  }
}

/** Counters move all the time; whoever changes a mission cares for what they can change. */
function tagged(call: Call, mission: Mission): Mission {
  call.response.setHeader('ETag', twoPartTag(changeableView(mission), mission));
  return mission;
}

const AUDITED = {
  pause: 'mission.paused',
  resume: 'mission.resumed',
  cancel: 'mission.canceled',
  archive: 'mission.archived',
} as const;

async function readView(tx: Tx, missionId: string) {
  return missionView(await readMissionStatus(tx, missionId));
}
