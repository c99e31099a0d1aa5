import { submissionProblem, tasksIn } from './submission-text.js';

describe('typed tasks', () => {
  it('are one per line', () => {
    expect(tasksIn(' Sand \n\nPaint\n', 'many').map(({ title }) => title)).toEqual(['Sand', 'Paint']);
  });

  it('or one, with its instructions below the title', () => {
    expect(tasksIn('\nSand\n\nWith 120 grit.\nTwice.\n', 'one')).toEqual([
      { title: 'Sand', instructions: 'With 120 grit.\nTwice.' },
    ]);
    expect(tasksIn('  \n', 'one')).toEqual([]);
  });

  it('are refused before they are sent when the API would refuse them', () => {
    expect(submissionProblem(tasksIn('a', 'one'))).toBeNull();
    expect(submissionProblem(tasksIn('a\n'.repeat(1_001), 'many'))).toContain('1000');
    expect(submissionProblem(tasksIn(`a\n${'b'.repeat(501)}`, 'many'))).toContain('task 2');
  });
});
