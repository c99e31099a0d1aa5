import {
  isFiltered,
  viewOf,
  viewsIn,
  VIEWS_MAX,
  withoutView,
  withView,
  type TasksView,
} from './views-model.js';

const FAILED: TasksView = { name: 'Failed', search: { state: 'failed' } };

describe('saved views of the tasks', () => {
  it('come back as they were kept, without the page that was being looked at', () => {
    const views = withView([], ' Mine ', { mission: 'msn_1', q: 'box', cursor: 'abc' });
    expect(viewsIn(JSON.stringify(views))).toEqual([
      { name: 'Mine', search: { mission: 'msn_1', q: 'box' } },
    ]);
  });

  it('are as many as have room, and one under a name', () => {
    const many = Array.from({ length: VIEWS_MAX }, (_, place) => ({ name: `View ${place}`, search: {} }));
    expect(withView(many, 'One more', { q: 'x' })).toBeNull();
    expect(withView(many, 'View 3', { q: 'x' })?.[3]).toMatchObject({ search: { q: 'x' } });
    expect(viewsIn(JSON.stringify([...many, ...many]))).toHaveLength(VIEWS_MAX);
  });

  it.each([undefined, '', 'nonsense', '{}', '[1, null, {"name": 3, "search": {}}, {"name": "a"}]'])(
    'are none where nothing good was kept: %j',
    (stored) => expect(viewsIn(stored)).toEqual([]),
  );

  it('keep only filters that this page knows', () => {
    const stored = [{ name: 'Odd', search: { state: 'lost', q: 'x', script: 'y' } }];
    expect(viewsIn(JSON.stringify(stored))).toEqual([{ name: 'Odd', search: { q: 'x' } }]);
  });

  it('are known again on any of their pages, and can be removed', () => {
    expect(viewOf([FAILED], { state: 'failed', cursor: 'abc' })).toBe(FAILED);
    expect(viewOf([FAILED], { state: 'failed', q: 'x' })).toBeUndefined();
    expect(withoutView([FAILED], 'Failed')).toEqual([]);
    expect([isFiltered({}), isFiltered({ cursor: 'abc' }), isFiltered({ q: 'x' })]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
