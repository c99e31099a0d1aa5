import { useQuery } from '@tanstack/react-query';
import { listInputRequestsOptions } from './generated/@tanstack/react-query.gen.js';

/** More are shown as so many. */
const COUNTED_MAX = 100;

/** How many questions wait for a person. */
export function useOpenQuestions(): number {
  const open = useQuery({
    ...listInputRequestsOptions({ query: { state: 'open', limit: COUNTED_MAX } }),
    select: ({ data }) => data.length,
  });
  return open.data ?? 0;
}
