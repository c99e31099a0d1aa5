import type { SectionName } from '#contracts';
import type { CacheBreakpoint } from './conductor-request.js';

/**
 * Where the provider may cut off what it caches: after what stays the same for hours. What changes with every wave is
 * written at 1.25 times its price and read only when the same wave asks again, which pays from about one wave in four
 * on (decision 10 has the measurement); most waves ask once.
 */
const BREAKPOINTS: Readonly<Partial<Record<SectionName, CacheBreakpoint>>> = {
  Z0: { type: 'ephemeral', ttl: '1h' },
  Z3: { type: 'ephemeral', ttl: '1h' },
};

/** The breakpoint at the end of a section, as a field of its last block; empty where there is none. */
export function breakpointAfter(section: SectionName): { cache_control?: CacheBreakpoint } {
  const breakpoint = BREAKPOINTS[section];
  return breakpoint === undefined ? {} : { cache_control: breakpoint };
}
