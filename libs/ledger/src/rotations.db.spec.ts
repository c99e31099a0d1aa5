import fc from 'fast-check';
import type { Rotation, RotationInput } from '#contracts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, aTenant, type TestMission } from '../../../test/support/mission.js';
import { toDispatch, toHandOff } from '../../../test/support/writes.js';
import { ROTATIONS_PENDING_MAX } from './domain/rotation.js';
import { abortWave, controlMission, expireWave, holdMission, inMission, rotateConductor } from './index.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

/** A rotation whose builder counts one token per character of the note that the next conductor would get. */
const rotate = (mission: TestMission, input: Partial<RotationInput> = {}): Promise<Rotation> =>
  mission.run((tx) =>
    rotateConductor(
      tx,
      mission.id,
      { reason: 'a test', mode: 'now', keep_note: false, ...input },
      { actor: A_KEY, expectTokens: (snapshot) => snapshot.wave.handoffNote?.length ?? 0 },
    ),
  );

const rotated = (mission: TestMission) =>
  mission.query(
    `SELECT body FROM event WHERE tenant_id = $1 AND mission_id = $2 AND type = 'conductor.rotated' ORDER BY seq`,
  );

describe('rotating now', () => {
  it('fences off a running wave: it cannot commit, and what it had on its page is the next one’s', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const fenced = await mission.mustOpenWave();
    const { epoch } = await rotate(mission);
    expect(await mission.commit(fenced, toDispatch('T1'))).toBe(false);
    expect(await mission.waves()).toMatchObject([{ state: 'aborted', stop_reason: 'rotated' }]);
    expect(await mission.row()).toMatchObject({
      epoch,
      wave_id: null,
      aborts_in_row: 0,
      leases_lost_in_row: 0,
    });
    const fresh = await mission.mustOpenWave();
    expect(fresh.snapshot.inbox).toHaveLength(1);
    expect(fresh.epoch).toBe(epoch + 1);
  });

  it('comes too late for a wave that has committed, and then only takes its note away', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(toDispatch('T1'), toHandOff({ note: 'Mind the gap.' }));
    const { epoch } = await rotate(mission);
    expect(await mission.row()).toMatchObject({ epoch, handoff_note: null });
    expect(await mission.waves()).toMatchObject([{ state: 'committed', handoff_note: 'Mind the gap.' }]);
    expect(await mission.task('T1')).toMatchObject({ attempt_count: 1 });
  });

  it('lets the next conductor have the note when it is told to, and expects as much', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(toHandOff({ note: 'Mind the gap.' }));
    expect(await rotate(mission, { keep_note: true })).toMatchObject({ expected_tokens: 13 });
    expect((await mission.row()).handoff_note).toBe('Mind the gap.');
    expect(await rotate(mission)).toMatchObject({ expected_tokens: 0 });
    expect(await rotated(mission)).toMatchObject([
      { body: { keep_note: true, expected_tokens: 13, mode: 'now', reason: 'a test' } },
      { body: { keep_note: false, expected_tokens: 0 } },
    ]);
  });

  it('says what the last request of the old conductor came to', async () => {
    const mission = await aMission(database);
    await mission.query('UPDATE mission SET last_context_tokens = 6214 WHERE tenant_id = $1 AND id = $2');
    expect(await rotate(mission)).toMatchObject({ before_tokens: 6214 });
    expect(await rotated(mission)).toMatchObject([{ body: { before_tokens: 6214 } }]);
  });
});

describe('a rotation that drains', () => {
  it('waits for the running wave, which commits, and takes its note away then', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const wave = await mission.mustOpenWave();
    const promised = await rotate(mission, { mode: 'drain' });
    expect(await mission.row()).toMatchObject({ epoch: wave.epoch });
    expect(await rotated(mission)).toEqual([]);
    expect(await mission.commit(wave, toDispatch('T1'), toHandOff({ note: 'Mind the gap.' }))).toBe(true);
    expect(await mission.row()).toMatchObject({
      epoch: promised.epoch,
      handoff_note: null,
      pending_rotations: [],
    });
    expect(await mission.task('T1')).toMatchObject({ attempt_count: 1 });
    expect(await rotated(mission)).toMatchObject([{ body: { mode: 'drain', epoch: promised.epoch } }]);
    expect((await mission.events()).slice(-2)).toEqual(['wave.committed', 'conductor.rotated']);
  });

  it('is the same as now when no wave runs', async () => {
    const mission = await aMission(database);
    const { epoch } = await rotate(mission, { mode: 'drain' });
    expect(await mission.row()).toMatchObject({ epoch, pending_rotations: [] });
    expect(await rotated(mission)).toMatchObject([{ body: { mode: 'drain', epoch } }]);
  });

  it.each(['its lease runs out', 'it fails', 'its mission is canceled'])(
    'is carried out by whoever ends the wave when %s',
    async (end) => {
      const mission = await aMission(database);
      await mission.submit('A');
      const wave = await mission.mustOpenWave();
      const { epoch } = await rotate(mission, { mode: 'drain' });
      await mission.expireWaveLease();
      await mission.run((tx) => {
        if (end === 'it fails') return abortWave(tx, wave, { kind: 'error', reason: 'a test' });
        if (end === 'its lease runs out') return expireWave(tx, mission.id);
        return controlMission(tx, mission.id, 'cancel', A_KEY);
      });
      expect(await mission.row()).toMatchObject({ epoch, pending_rotations: [] });
      expect(await rotated(mission)).toMatchObject([{ body: { mode: 'drain', epoch } }]);
    },
  );

  it('gives way to one that does not wait: both have happened then, and the epoch moved once', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const wave = await mission.mustOpenWave();
    const drained = await rotate(mission, { mode: 'drain' });
    const { epoch } = await rotate(mission, { mode: 'now', keep_note: true });
    expect(epoch).toBe(drained.epoch);
    expect(await mission.commit(wave)).toBe(false);
    expect(await rotated(mission)).toMatchObject([
      { body: { mode: 'drain', epoch } },
      { body: { mode: 'now', epoch } },
    ]);
  });

  it('is refused when ten wait already', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.mustOpenWave();
    for (let count = 0; count < ROTATIONS_PENDING_MAX; count += 1) await rotate(mission, { mode: 'drain' });
    await expect(rotate(mission, { mode: 'drain' })).rejects.toMatchObject({
      code: 'rotations_pending_max_reached',
    });
  });
});

describe('a rotation', () => {
  it('makes nothing due: neither an idle mission, nor a held one, nor a paused one', async () => {
    const idle = await aMission(database);
    await rotate(idle);
    const held = await aMission(database);
    await held.submit('A');
    await held.mustOpenWave();
    await held.run((tx) =>
      inMission(tx, held.id, (ledger) => Promise.resolve(holdMission(ledger, 'stalled', 'a test'))),
    );
    await rotate(held);
    const paused = await aMission(database);
    await paused.submit('A');
    await paused.run((tx) => controlMission(tx, paused.id, 'pause', A_KEY));
    await rotate(paused, { mode: 'drain' });
    for (const mission of [idle, held, paused])
      expect(await mission.row()).toMatchObject({ wave_due_at: null, wave_id: null });
  });

  it('keeps tasks deferred that the last hand-off deferred', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(toHandOff({ defer_ready: true }));
    await rotate(mission);
    expect(await mission.openWave()).toBeNull();
  });

  it.each(['cancel', 'archive'] as const)('is refused after %s', async (action) => {
    const mission = await aMission(database);
    await mission.run((tx) => controlMission(tx, mission.id, action, A_KEY));
    await expect(rotate(mission)).rejects.toMatchObject({ kind: 'conflict', code: 'mission_ended' });
  });

  it('of another tenant’s mission finds none', async () => {
    const mission = await aMission(database);
    const stranger = await aTenant(database.transactions);
    await expect(
      database.transactions.inTransaction(stranger, (tx) =>
        rotateConductor(
          tx,
          mission.id,
          { reason: '', mode: 'now', keep_note: false },
          { actor: A_KEY, expectTokens: () => 0 },
        ),
      ),
    ).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('of two at once each happens, one after the other', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.mustOpenWave();
    const answers = await Promise.all([rotate(mission), rotate(mission)]);
    expect(answers.map(({ epoch }) => epoch).sort()).toEqual([2, 3]);
    expect(await mission.row()).toMatchObject({ epoch: 3 });
    expect(await rotated(mission)).toHaveLength(2);
  });

  it('keeps its promises in any order of waves, ends of waves and rotations', async () => {
    const step = fc.constantFrom('open', 'commit', 'abort', 'drain', 'now');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const mission = await aMission(database);
        await mission.submit('A');
        let wave = null as Awaited<ReturnType<TestMission['openWave']>>;
        let asked = 0;
        for (const next of steps) {
          if (next === 'open') wave = (await mission.openWave()) ?? wave;
          else if (next === 'drain' || next === 'now') {
            const before = Number((await mission.row()).epoch);
            expect((await rotate(mission, { mode: next })).epoch).toBe(before + 1);
            asked += 1;
          } else if (wave !== null) {
            const isFenced = (await mission.row()).epoch !== wave.epoch;
            if (next === 'abort') {
              const ended = wave;
              await mission.run((tx) => abortWave(tx, ended, { kind: 'lease_lost' }));
            } else expect(await mission.commit(wave, toHandOff())).toBe(!isFenced);
            wave = null;
          }
        }
        const row = await mission.row();
        const waiting = row.pending_rotations as unknown[];
        expect((await rotated(mission)).length + waiting.length).toBe(asked);
      }),
      { numRuns: 15 },
    );
  });
});
