import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { BenchMission, type AskedRequest } from '../harness/bench-mission.js';
import { textsOf } from '../harness/sections.js';
import { countTokens } from '../../apps/simulator/src/index.js';
import { withNotes } from './record-notes.js';

/** The most that the schema of `note` takes. */
const NOTE_CHARACTERS = 2_000;
const ENTRIES = 10;
const WAVES = 12;

/** A conductor that was asked to be brief and never is: the longest notes there can be, and a hand-off beyond its limit. */
function rambling({ answer }: AskedRequest) {
  const text = 'and furthermore '.repeat(NOTE_CHARACTERS).slice(0, NOTE_CHARACTERS);
  return withNotes(
    answer,
    Array.from({ length: ENTRIES }, () => ({ kind: 'decision' as const, text })),
  );
}

/** Whole missions: room for slow machines. */
jest.setTimeout(120_000);

describe('a conductor that ignores every request to be brief', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('meets caps that are in the code: registers and requests stay within their bounds', async () => {
    const requests: AskedRequest[] = [];
    const mission = await BenchMission.begin(database.transactions, {}, (asked) => {
      requests.push(asked);
      return rambling(asked);
    });
    for (let wave = 1; wave <= WAVES; wave += 1) {
      await mission.arrive([{ title: `Task ${wave}`, metadata: { outcome: 'Done.' } }]);
      await mission.conduct();
    }
    await mission.end();

    expect(requests.length).toBeGreaterThanOrEqual(WAVES);
    const last = requests.at(-1);
    const registers = textsOf(last?.body ?? { model: '', max_tokens: 0, messages: [] }).find(
      ({ section }) => section === 'Z5',
    )?.text;
    expect(registers).toMatch(/\(\+\d+ more: ledger_search /);
    expect(countTokens(registers ?? '')).toBeGreaterThan(1_000);
    for (const { answer } of requests) expect(answer.promptTokens).toBeLessThanOrEqual(16_000);
    const notes = await mission.run((tx) =>
      tx.db.note.count({ where: { tenantId: tx.tenantId, missionId: mission.missionId } }),
    );
    expect(notes).toBeGreaterThanOrEqual((WAVES - 1) * ENTRIES);
  });
});
