import { queryOptions } from '@tanstack/react-query';
import {
  readContextSeriesOptions,
  readMissionOptions,
} from '../../api/generated/@tanstack/react-query.gen.js';
import { queryClient } from '../../api/query-client.js';

/**
 * What draws the picture: the largest part of the dashboard. It is read like anything else and not suspended for, since
 * React would let a fallback stand for 300 ms even when all is there.
 */
export const chartOptions = queryOptions({
  queryKey: ['picture-chart'],
  queryFn: async () => (await import('./picture-chart.js')).PictureChart,
  staleTime: 'static',
});

/** Begins with what a mission's page takes longest to read, while the page itself comes; that says what failed. */
export function prepareMission(missionId: string): void {
  const path = { id: missionId };
  const reads = [
    queryClient.query(readMissionOptions({ path })),
    queryClient.query(readContextSeriesOptions({ path })),
    queryClient.query(chartOptions),
  ];
  void Promise.allSettled(reads);
}
