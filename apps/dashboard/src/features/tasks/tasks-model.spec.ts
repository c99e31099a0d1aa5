import type { TaskSummary } from '../../api/generated/types.gen.js';
import { doToAll, takenBy, whyEmpty } from './tasks-model.js';
import { tasksSearch } from './tasks-search.js';

const aTask = (id: string, state: TaskSummary['state']) => ({ id, state }) as TaskSummary;

describe('what is done to many tasks', () => {
  const tasks = [aTask('a', 'failed'), aTask('b', 'completed'), aTask('c', 'queued'), aTask('d', 'canceled')];
  const all = new Set(['a', 'b', 'c', 'd']);

  it('is done to those whose state takes it', () => {
    expect(takenBy('retry', tasks, all).map(({ id }) => id)).toEqual(['a', 'd']);
    expect(takenBy('cancel', tasks, all).map(({ id }) => id)).toEqual(['c']);
    expect(takenBy('retry', tasks, new Set(['b']))).toEqual([]);
  });

  it('is done to each once, whatever is refused', async () => {
    const seen: string[] = [];
    const ids = Array.from({ length: 20 }, (_, place) => String(place));
    const outcome = await doToAll(ids, (id) => {
      seen.push(id);
      return id === '3' ? Promise.reject(new Error('too late')) : Promise.resolve();
    });
    expect(outcome).toEqual({ done: 19, refused: 1 });
    expect(seen.sort()).toEqual([...ids].sort());
  });
});

describe('the address of the tasks', () => {
  it('says what is looked at, and ignores what it does not know', () => {
    expect(tasksSearch({ state: 'failed', mission: 'msn_1', q: 12, cursor: '' })).toEqual({
      state: 'failed',
      mission: 'msn_1',
      q: '12',
      cursor: undefined,
    });
    expect(tasksSearch({ state: 'lost', q: ['x'] })).toEqual({});
  });

  it('says why nothing is there', () => {
    expect(whyEmpty({})).toBe('No task has been submitted yet.');
    expect(whyEmpty({ q: 'T99', state: 'input_required' })).toBe(
      'No task: nothing is called “T99”, none is input required.',
    );
  });
});
