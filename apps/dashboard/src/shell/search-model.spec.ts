import { matching, pageOfId } from './search-model.js';

const REST = '01m83rvbs3fk3v8ps4wvnd3e77';

describe('search', () => {
  it.each([
    [`tsk_${REST}`, `/tasks/tsk_${REST}`],
    [` msn_${REST} `, `/missions/msn_${REST}`],
    [`wav_${REST}`, `/waves/wav_${REST}`],
    [`inp_${REST}`, '/inbox'],
  ])('finds the page of %s', (text, to) => expect(pageOfId(text)?.to).toBe(to));

  it.each(['', 'T12', 'tsk_short', `evt_${REST}`, `tsk_${REST}/../..`])('takes %j for no id', (text) =>
    expect(pageOfId(text)).toBeUndefined(),
  );

  it('finds titles by all their words, whatever the case', () => {
    const titled = [{ title: 'Move the Archive' }, { title: 'Paint the pier' }];
    expect(matching(titled, 'the PIER')).toEqual([titled[1]]);
    expect(matching(titled, ' ')).toEqual(titled);
  });
});
