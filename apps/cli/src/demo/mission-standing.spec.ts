import { MISSION_STATUSES } from '#contracts';
import { aMission } from '../../test/builders.js';
import { isAtRest, missionStanding } from './mission-standing.js';

describe('missionStanding', () => {
  test('is running while anything is queued or working, or a wave runs', () => {
    expect(missionStanding(aMission({ counts: { queued: 1 } }))).toBe('running');
    expect(missionStanding(aMission({ counts: { working: 1 } }))).toBe('running');
    expect(missionStanding(aMission({ conductor: { epoch: 1, wave_id: 'wav_1' } }))).toBe('running');
  });

  test('is quiet when what is left is blocked', () => {
    expect(missionStanding(aMission({ counts: { blocked: 3, failed: 1 } }))).toBe('quiet');
  });

  test('is held in every state that only a person ends', () => {
    const held = MISSION_STATUSES.filter((state) => missionStanding(aMission({ state })) === 'held');
    expect(held).toEqual([
      'archived',
      'canceled',
      'budget_reached',
      'stalled',
      'overcommitted',
      'input_required',
    ]);
  });

  test('is completed as soon as the mission says so', () => {
    expect(missionStanding(aMission({ state: 'completed' }))).toBe('completed');
  });
});

test('isAtRest holds only when no wave runs or is due and nothing waits in the inbox', () => {
  const rest = { wave: null, spill: 0, next_wave_at: null };
  expect(isAtRest(rest)).toBe(true);
  expect(isAtRest({ ...rest, spill: 1 })).toBe(false);
  expect(isAtRest({ ...rest, wave: {} })).toBe(false);
  expect(isAtRest({ ...rest, next_wave_at: '2026-11-23T10:00:00Z' })).toBe(false);
});
