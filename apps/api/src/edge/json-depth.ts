/** True when arrays and objects are nested more than `levelsMax` deep. Never recurses deeper than that itself. */
export function isDeeperThan(value: unknown, levelsMax: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levelsMax === 0) return true;
  return Object.values(value).some((inner) => isDeeperThan(inner, levelsMax - 1));
}
