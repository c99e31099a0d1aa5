import type { Policy } from '#contracts';

export type LineageLimit = keyof Policy['limits'];

/** What a mission's tasks have come to, as far as its limits count it. */
export interface Lineage {
  /** Every task that it has had. */
  readonly tasksEver: number;
  /** Waves in a row that have made tasks out of nothing but the tasks made before. */
  readonly plannedDepth: number;
}

/** How many tasks a wave may make, and the limit that says so. */
export interface Room {
  readonly tasksMax: number;
  readonly limit: LineageLimit;
}

export function roomForTasks(limits: Policy['limits'], { tasksEver, plannedDepth }: Lineage): Room {
  if (plannedDepth >= limits.depth_max) return { tasksMax: 0, limit: 'depth_max' };
  const left = Math.max(0, limits.tasks_max - tasksEver);
  return left < limits.tasks_per_wave_max
    ? { tasksMax: left, limit: 'tasks_max' }
    : { tasksMax: limits.tasks_per_wave_max, limit: 'tasks_per_wave_max' };
}

/** A wave's tasks lie one deeper than those that it was made of. */
export function depthAfterWave(plannedDepth: number, tasksMade: number): number {
  return tasksMade > 0 ? plannedDepth + 1 : plannedDepth;
}

/** `inside`: what a conductor has brought about itself, without anybody else; also that nobody answered it in time. */
export type Origin = 'outside' | 'inside';

/** Whatever comes from outside, a word or the end of an attempt, is something new to plan by: depth begins anew. */
export function depthAfterArrival(plannedDepth: number, origin: Origin): number {
  return origin === 'inside' ? plannedDepth : 0;
}
