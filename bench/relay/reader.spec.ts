import { findFact, type Read } from './reader.js';
import type { Fact } from './world.js';

const decision: Fact = {
  kind: 'decision',
  subject: 'amber crane 117',
  code: 'K10017-400',
  text: 'For the amber crane 117 we go with K10017-400.',
  since: 3,
};
const outcome: Fact = { ...decision, kind: 'outcome' };
const SEARCH_NOTES = '(+9 more: ledger_search {"query":"","in":"notes"})';
const SEARCH_TASKS = 'By words of a title: ledger_search {"query":"","state":"completed"}.';

/** Answers by call, and remembers what was called. */
function aRead(answers: Readonly<Record<string, string>>): { read: Read; calls: string[] } {
  const calls: string[] = [];
  const read: Read = (tool, input) => {
    const call = `${tool} ${JSON.stringify(input)}`;
    calls.push(call);
    return Promise.resolve(answers[call] ?? 'Nothing was found.');
  };
  return { read, calls };
}

describe('findFact', () => {
  it('reads nothing for what stands in the context', async () => {
    const { read, calls } = aRead({});
    expect(await findFact(decision, `N4 decision: ${decision.text}`, read)).toBe(0);
    expect(calls).toEqual([]);
  });

  it('makes a search that the context shows with the subject as its query', async () => {
    const { read, calls } = aRead({
      'ledger_search {"query":"amber crane 117","in":"notes"}': `1 found\nN4 kind="decision"\ntext:\n${decision.text}`,
    });
    expect(await findFact(decision, SEARCH_NOTES, read)).toBe(1);
    expect(calls).toHaveLength(1);
  });

  it('makes no call that no text has shown', async () => {
    const { read, calls } = aRead({});
    expect(await findFact(decision, '# Z5 Registers\nN9 fact: something else', read)).toBeNull();
    expect(await findFact(decision, SEARCH_TASKS, read)).toBeNull();
    expect(calls).toEqual([]);
  });

  it('goes on from what the first read returned, to a task and to its artifact', async () => {
    const found = '1 found\nT12 state="completed" artifacts=[]\ntitle:\nMend the amber crane 117';
    const task = aRead({
      'ledger_search {"query":"amber crane 117","state":"completed"}': found,
      'ledger_get {"refs":["T12"]}': `T12 state="completed"\nresult:\n${decision.text}`,
    });
    expect(await findFact(outcome, SEARCH_TASKS, task.read)).toBe(2);

    const id = 'art_01h455vb4pex5vsknk084sn02q';
    const artifact = aRead({
      'ledger_search {"query":"amber crane 117","state":"completed"}': found.replace('[]', `["${id}"]`),
      [`artifact_read {"id":"${id}"}`]: decision.text,
    });
    expect(await findFact({ ...outcome, kind: 'artifact' }, SEARCH_TASKS, artifact.read)).toBe(2);
  });

  it('gives up after two reads', async () => {
    const { read, calls } = aRead({
      'ledger_search {"query":"amber crane 117","in":"notes"}': '1 found\nT12 amber crane 117',
      'ledger_get {"refs":["T12"]}': 'T13 amber crane 117',
      'ledger_get {"refs":["T13"]}': decision.text,
    });
    expect(await findFact(decision, SEARCH_NOTES, read)).toBeNull();
    expect(calls).toHaveLength(2);
  });
});
