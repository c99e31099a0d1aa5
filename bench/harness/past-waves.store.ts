import { newUuid } from '#contracts';
import type { Tx } from '#database';

/** A wave that has committed, which stands for all that came after it. */
interface Pattern {
  readonly missionId: string;
  readonly waveId: string;
}

/** The newest wave of a mission. */
export async function newestWave(tx: Tx, missionId: string): Promise<Pattern> {
  const [wave] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM wave WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${missionId}::uuid
     ORDER BY number DESC LIMIT 1`;
  if (wave === undefined) throw new Error('the mission has had no wave');
  return { missionId, waveId: wave.id };
}

/**
 * Waves of one request each, a minute apart, that saw and decided what their pattern did. What they carried climbs and
 * falls again as in the picture of a long mission, and each said as much as makes one conversation 150 tokens longer.
 */
export async function insertPastWaves(tx: Tx, pattern: Pattern, waves: number): Promise<void> {
  const ids = Array.from({ length: waves }, newUuid);
  await tx.db.$executeRaw`
    INSERT INTO wave (tenant_id, id, mission_id, number, epoch, state, trigger, stop_reason, model, requests, budget_tokens,
                      peak_request_tokens, input_tokens, output_tokens, cost_usd, turns, read_tokens, first_tokens, last_tokens,
                      last_output_tokens, prefix_tokens, news_tokens, handoff_note, decisions, started_at, ended_at)
    SELECT w.tenant_id, made.id, w.mission_id, w.number + place, w.epoch + place, w.state, w.trigger, w.stop_reason, w.model, 1,
           w.budget_tokens, t.tokens, t.tokens, 100, 0.003, 1, t.tokens, t.tokens, t.tokens, 100, w.prefix_tokens, 50,
           w.handoff_note, w.decisions, w.started_at - make_interval(mins => ${waves} - place::int),
           w.ended_at - make_interval(mins => ${waves} - place::int)
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS made (id, place), wave w,
           LATERAL (SELECT (12000 + 200 * (place % 50))::int AS tokens) t
     WHERE w.tenant_id = ${tx.tenantId}::uuid AND w.id = ${pattern.waveId}::uuid`;
  await tx.db.$executeRaw`
    INSERT INTO wave_context (tenant_id, wave_id, input_gzip, requests_gzip, request_sha256, manifest)
    SELECT c.tenant_id, made.id, c.input_gzip, c.requests_gzip, c.request_sha256, c.manifest
      FROM unnest(${ids}::uuid[]) AS made (id), wave_context c
     WHERE c.tenant_id = ${tx.tenantId}::uuid AND c.wave_id = ${pattern.waveId}::uuid`;
  await tx.db.$executeRaw`
    INSERT INTO model_call (tenant_id, id, mission_id, wave_id, role, model, state, budget_tokens, bound_tier, input_tokens,
                            output_tokens, reserved_usd, cost_usd, sent_at, settled_at, deadline_at)
    SELECT tenant_id, gen_random_uuid(), mission_id, id, 'conductor', model, 'settled', budget_tokens, 'proved', input_tokens,
           output_tokens, cost_usd, cost_usd, started_at, ended_at, ended_at
      FROM wave WHERE tenant_id = ${tx.tenantId}::uuid AND id = ANY (${ids}::uuid[])`;
  await tx.db.$executeRaw`
    INSERT INTO event (tenant_id, id, mission_id, seq, type, wave_id, actor_kind, body, created_at)
    SELECT m.tenant_id, gen_random_uuid(), m.id, m.last_event_seq + row_number() OVER (ORDER BY w.number, said.place), said.type,
           w.id, 'wave', jsonb_build_object('number', w.number, 'state', w.state, 'stop_reason', w.stop_reason), w.started_at
      FROM mission m, wave w, (VALUES (1, 'wave.started'), (2, 'wave.committed')) AS said (place, type)
     WHERE m.tenant_id = ${tx.tenantId}::uuid AND m.id = ${pattern.missionId}::uuid
       AND w.tenant_id = m.tenant_id AND w.id = ANY (${ids}::uuid[])`;
  await tx.db.$executeRaw`
    UPDATE mission SET last_wave_number = last_wave_number + ${waves}, epoch = epoch + ${waves},
           last_event_seq = last_event_seq + 2 * ${waves}
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${pattern.missionId}::uuid`;
}

/** Messages that the newest waves have seen, one each, or an older one that has none yet. */
export async function insertPastMessages(tx: Tx, missionId: string, messages: number): Promise<void> {
  const ids = Array.from({ length: messages }, newUuid);
  await tx.db.$executeRaw`
    INSERT INTO message (tenant_id, id, mission_id, seq, text, trusted)
    SELECT m.tenant_id, made.id, m.id, m.last_event_seq + place, 'Take box ' || place || ' of the archive next.', true
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS made (id, place), mission m
     WHERE m.tenant_id = ${tx.tenantId}::uuid AND m.id = ${missionId}::uuid`;
  await tx.db.$executeRaw`
    INSERT INTO event (tenant_id, id, mission_id, seq, type, actor_kind, body)
    SELECT tenant_id, gen_random_uuid(), mission_id, seq, 'message.received', 'key', '{"trusted": true}'
      FROM message WHERE tenant_id = ${tx.tenantId}::uuid AND id = ANY (${ids}::uuid[])`;
  await tx.db.$executeRaw`
    INSERT INTO inbox_item (tenant_id, mission_id, seq, lane, kind, ref_id, body, seen_by_wave)
    SELECT m.tenant_id, m.id, m.last_inbox_seq + place, 'person', 'message', made.id, '{}',
           (SELECT w.id FROM wave w WHERE w.tenant_id = m.tenant_id AND w.mission_id = m.id
             ORDER BY w.number DESC OFFSET ${messages} - place LIMIT 1)
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS made (id, place), mission m
     WHERE m.tenant_id = ${tx.tenantId}::uuid AND m.id = ${missionId}::uuid`;
  await tx.db.$executeRaw`
    UPDATE mission SET last_event_seq = last_event_seq + ${messages}, last_inbox_seq = last_inbox_seq + ${messages}
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid`;
}
