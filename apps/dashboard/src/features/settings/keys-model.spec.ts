import type { ApiKey } from '../../api/generated/types.gen.js';
import { keyStanding } from './keys-model.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const aKey = (parts: Partial<ApiKey>) => ({ revoked_at: null, expires_at: null, ...parts }) as ApiKey;

describe('the standing of a key', () => {
  it.each<[Partial<ApiKey>, string, boolean]>([
    [{}, 'good', true],
    [{ expires_at: '2026-01-02T00:00:00Z' }, 'ends in 24 h', true],
    [{ expires_at: '2026-01-01T00:00:00Z' }, 'expired', false],
    [{ revoked_at: '2025-01-01T00:00:00Z', expires_at: '2026-01-02T00:00:00Z' }, 'revoked', false],
  ])('%j is %s', (parts, text, isGood) =>
    expect(keyStanding(aKey(parts), NOW)).toMatchObject({ text, isGood }),
  );
});
