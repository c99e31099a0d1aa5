import { missionTyped, NOTHING_TYPED } from './typed-mission.js';

describe('a mission as it was typed', () => {
  it('has a directive per line, and no limit when none was typed', () => {
    expect(
      missionTyped({ ...NOTHING_TYPED, title: ' Harbour ', directives: 'Never sink.\n\n Paint twice.\n' }),
    ).toEqual({
      title: 'Harbour',
      objective: '',
      directives: ['Never sink.', 'Paint twice.'],
      budget: { limit_usd: null },
    });
    expect(missionTyped({ ...NOTHING_TYPED, limit: ' 12.50 ' }).budget).toEqual({ limit_usd: '12.50' });
  });
});
