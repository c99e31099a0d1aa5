import { z } from 'zod';
import { PAGE_LIMIT_MAX } from '#contracts';

const PAGE_LIMIT_DEFAULT = 20;
/** A title in a line of a list. */
export const TITLE_BYTES = 240;

export const missionId = z.string().max(100).describe('msn_…');
export const taskId = z.string().max(100).describe('tsk_…');

/** Fields of a list beside its filters. */
export const pageFields = {
  limit: z.int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  cursor: z.string().max(500).optional().describe('the next_cursor of the page before'),
};
