import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { listWorkersOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { wholeNumber } from '../../ui/format.js';
import { Command, Empty, Loading, Panel, ProblemAlert, When } from '../../ui/parts.js';

export function WorkersTab() {
  const workers = useQuery(listWorkersOptions());
  if (workers.isError) return <ProblemAlert error={workers.error} />;
  if (workers.data === undefined) return <Loading what="the workers" />;
  return (
    <Panel title="Workers of the last day">
      {workers.data.data.length === 0 ? (
        <Empty why="Nobody has taken a task within the last day.">
          <Stack gap="sm">
            <span>
              The built-in worker takes what a conductor gives to its pool; any program can be another.
            </span>
            <Command text="npx wavekeeper worker run --pool build -- ./do-the-task.sh" />
          </Stack>
        </Empty>
      ) : (
        <div className="wk-scroll" tabIndex={0} role="region" aria-label="Workers">
          <table className="wk-table">
            <thead>
              <tr>
                <th scope="col">Pool</th>
                <th scope="col">Worker</th>
                {['At work', 'Succeeded', 'Failed', 'Expired'].map((name) => (
                  <th key={name} scope="col" className="wk-number">
                    {name}
                  </th>
                ))}
                <th scope="col">Last seen</th>
              </tr>
            </thead>
            <tbody>
              {workers.data.data.map((row) => (
                <tr key={`${row.pool} ${row.worker}`}>
                  <td>{row.pool}</td>
                  <td className="wk-words">{row.worker}</td>
                  {[row.working, row.succeeded, row.failed, row.expired].map((value, place) => (
                    <td key={place} className="wk-number">
                      {wholeNumber(value)}
                    </td>
                  ))}
                  <td>
                    <When at={row.last_seen_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
