import { SECTION_NAMES } from '#contracts';
import { breakpointAfter } from './breakpoints.js';

describe('breakpointAfter', () => {
  const ttls = SECTION_NAMES.flatMap((name) => breakpointAfter(name).cache_control?.ttl ?? []);

  it('cuts after the tools and after the directives, for an hour each', () => {
    expect(breakpointAfter('Z0')).toEqual({ cache_control: { type: 'ephemeral', ttl: '1h' } });
    expect(breakpointAfter('Z3')).toEqual({ cache_control: { type: 'ephemeral', ttl: '1h' } });
    for (const name of ['Z4', 'Z5', 'Z6', 'Z7', 'Z8'] as const) expect(breakpointAfter(name)).toEqual({});
  });

  it('keeps to what the API takes: at most four, those of an hour first', () => {
    expect(ttls.length).toBeLessThanOrEqual(4);
    expect(ttls.lastIndexOf('1h')).toBe(ttls.filter((ttl) => ttl === '1h').length - 1);
  });
});
