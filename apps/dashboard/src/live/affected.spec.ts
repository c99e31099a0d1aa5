import { isAffected, type AskedQuery } from './affected.js';

const asked = (parts: Partial<AskedQuery>): AskedQuery => ({
  operation: 'listTasks',
  pathId: undefined,
  missionId: undefined,
  answer: undefined,
  ...parts,
});

describe('isAffected', () => {
  it.each<[string, Partial<AskedQuery>, boolean]>([
    ['a list of everything', {}, true],
    ['a list of that mission', { missionId: 'msn_1' }, true],
    ['a list of another mission', { missionId: 'msn_2' }, false],
    ['the mission itself', { operation: 'readMission', pathId: 'msn_1' }, true],
    ['another mission', { operation: 'readMission', pathId: 'msn_2' }, false],
    ['a task of it', { operation: 'readTask', pathId: 'tsk_1', answer: { mission_id: 'msn_1' } }, true],
    ['a task of another', { operation: 'readTask', pathId: 'tsk_1', answer: { mission_id: 'msn_2' } }, false],
    ['a task that has not been read yet', { operation: 'readTask', pathId: 'tsk_1' }, true],
    ['keys', { operation: 'listApiKeys' }, false],
    ['what a wave saw', { operation: 'readWaveContext', pathId: 'wav_1' }, false],
  ])('news of a mission move %s: %j → %s', (_, parts, moved) =>
    expect(isAffected(asked(parts), 'msn_1')).toBe(moved),
  );
});
