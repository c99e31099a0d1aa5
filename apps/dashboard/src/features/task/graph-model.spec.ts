import { around, edgesOf, type Neighbour } from './graph-model.js';

const task = (id: string, ...needs: string[]): Neighbour => ({
  id,
  ref: id,
  title: id,
  state: 'queued',
  depends_on: needs,
});

describe('the neighbourhood of a task', () => {
  const tasks = [task('b', 'a', 'elsewhere'), task('a'), task('c', 'b')];

  it('has an edge for each dependency between tasks that are shown', () => {
    expect(edgesOf(tasks).map(({ source, target }) => [source, target])).toEqual([
      ['a', 'b'],
      ['b', 'c'],
    ]);
  });

  it('is told as lists as well', () => {
    const { needs, neededBy } = around(tasks, 'b');
    expect([needs.map(({ id }) => id), neededBy.map(({ id }) => id)]).toEqual([['a'], ['c']]);
    expect(around(tasks, 'unknown').needs).toEqual([]);
  });
});
