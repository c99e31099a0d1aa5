import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { encodeId, eventSchema, pageOf } from '#contracts';
import { Transactions } from '#database';
import { listEvents, type EventRead, type Resource } from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { parseInput, QueryOf } from '../edge/input.js';
import { numberAfter, numberCursor, pageQuery, readNumberCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { EventStreams } from './event-streams.js';
import { eventView } from './events.view.js';
import type { LiveStream } from './live-stream.js';

/** Events that a stream reads at once. */
const STREAM_PAGE = 200;
/** A stream that no notice wakes looks by itself: a lost notice delays its events by this and loses none. */
const LOOK_MS = 5_000;
/** Hints that come within this time are one. */
const HINT_COALESCE_MS = 100;
/** Missions that one stream of hints holds for a reader that is behind; hints beyond are dropped. */
const HINTS_HELD_MAX = 1_000;

const eventsQuery = pageQuery.extend({
  after: numberAfter.default(0).describe('the last seq that was read; a cursor goes before it'),
});

@Controller('v1')
export class EventsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(EventStreams) private readonly streams: EventStreams,
  ) {}

  @Get('missions/:id/events')
  @Route({
    summary: 'List a mission’s events by seq, without gaps, or follow them live',
    access: ['missions:read'],
    subject: 'mission',
    answer: pageOf(eventSchema),
    eventStream:
      'Server-sent events: `id` is the seq, `data` an Event. Resumes after `Last-Event-ID`, else after `after`. The last one is named `end` and says why.',
  })
  async listEvents(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(eventsQuery) query: z.output<typeof eventsQuery>,
    @Res() response: Response,
  ): Promise<void> {
    const read = (afterSeq: number, take: number) =>
      this.transactions.inTransaction(call.tenantId, (tx) => listEvents(tx, mission.id, { afterSeq, take }));
    const after = readNumberCursor(query.cursor) ?? query.after;
    if (wantsStream(call.request)) {
      const lastSeq = lastEventIdOf(call.request) ?? after;
      return this.followMission(call, mission.id, (seq) => read(seq, STREAM_PAGE), lastSeq);
    }
    const rows = await read(after, query.limit + 1);
    response.json(
      toPage(rows, query.limit, { view: eventView, cursor: (row) => numberCursor(row.seq ?? 0) }),
    );
  }

  @Get('events/stream')
  @Route({
    summary: 'Follow all missions: which one has new events, up to which seq',
    access: ['missions:read'],
    narrowsToMission: true,
    answer: null,
    eventStream:
      'Server-sent events: `data` is `{ "mission_id", "seq" }`. Several may become one, and any may be lost; a mission’s own stream loses none.',
  })
  async followAll(@CurrentCall() call: Call, @Res() response: Response): Promise<void> {
    if (call.request.method === 'HEAD') return void response.type('text/event-stream').end(); // it would never end
    const hints = new Map<string, number>();
    await this.streams.run(
      { ...call, response },
      (stream, { missionId, seq }) => {
        const isInReach = call.boundMissionId === null || call.boundMissionId === missionId;
        if (!isInReach || (hints.size >= HINTS_HELD_MAX && !hints.has(missionId))) return;
        hints.set(missionId, Math.max(seq, hints.get(missionId) ?? 0));
        stream.wake();
      },
      (stream) => sendHints(stream, hints),
    );
  }

  private followMission(
    call: Call,
    missionId: string,
    read: (afterSeq: number) => Promise<EventRead[]>,
    lastSeq: number,
  ): Promise<void> {
    let after = lastSeq;
    return this.streams.run(
      call,
      (stream, events) => {
        if (events.missionId === missionId && events.seq > after) stream.wake();
      },
      async (stream) => {
        const rows = await read(after);
        for (const row of rows) {
          if (stream.hasEnded) return;
          after = row.seq ?? after;
          await stream.send(eventView(row), after);
        }
        if (rows.length < STREAM_PAGE) await stream.untilWoken(LOOK_MS);
      },
    );
  }
}

async function sendHints(stream: LiveStream, hints: Map<string, number>): Promise<void> {
  if (hints.size === 0) await stream.untilWoken(LOOK_MS);
  await new Promise((resolve) => setTimeout(resolve, HINT_COALESCE_MS));
  for (const [missionId, seq] of [...hints]) {
    hints.delete(missionId);
    await stream.send({ mission_id: encodeId('mission', missionId), seq });
  }
}

/** JSON for whoever does not say otherwise; a HEAD would never end. */
function wantsStream(request: Request): boolean {
  const accepted = request.accepts(['application/json', 'text/event-stream']);
  return request.method === 'GET' && accepted === 'text/event-stream';
}

function lastEventIdOf(request: Request): number | null {
  const header = request.headers['last-event-id'];
  return header === undefined || header === '' ? null : parseInput(numberAfter, header);
}
