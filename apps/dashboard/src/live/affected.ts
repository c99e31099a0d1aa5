/** What a query asks for, as the generated client writes it into the query's key, and what it was answered. */
export interface AskedQuery {
  readonly operation: string;
  readonly pathId: string | undefined;
  readonly missionId: string | undefined;
  readonly answer: unknown;
}

/** They change with no event of a mission, or are told of by the mission's own stream. */
const UNMOVED = new Set([
  'readSession',
  'listApiKeys',
  'listAudit',
  'listEndpoints',
  'readContextSeries',
  'readWaveContext',
  'previewRotation',
]);

/** True when news of a mission may change the answer of a query: it speaks of that mission, or of all. */
export function isAffected({ operation, pathId, missionId, answer }: AskedQuery, newsOf: string): boolean {
  if (UNMOVED.has(operation)) return false;
  const subject =
    missionId ?? missionOf(answer) ?? (pathId?.startsWith('msn_') === true ? pathId : undefined);
  return subject === undefined || subject === newsOf;
}

function missionOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('mission_id' in answer)) return undefined;
  return typeof answer.mission_id === 'string' ? answer.mission_id : undefined;
}
