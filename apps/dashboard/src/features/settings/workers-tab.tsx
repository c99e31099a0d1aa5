import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { listWorkersOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { wholeNumber } from '../../ui/format.js';
import { Command, Empty, Loading, Panel, ProblemAlert, When } from '../../ui/parts.js';
import { numbers, Table } from '../../ui/table.js';

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
        <Table
          label="Workers"
          columns={['Pool', 'Worker', ...numbers('At work', 'Succeeded', 'Failed', 'Expired'), 'Last seen']}
        >
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
        </Table>
      )}
    </Panel>
  );
}
