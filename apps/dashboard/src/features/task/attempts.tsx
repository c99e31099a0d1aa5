import { Text } from '@mantine/core';
import type { Task } from '../../api/generated/types.gen.js';
import { Empty, IdText, Panel, StateMark, When } from '../../ui/parts.js';
import { Table } from '../../ui/table.js';

/** Every try at a task, the newest first. */
export function Attempts({ task }: { readonly task: Task }) {
  return (
    <Panel title="Attempts">
      {task.attempts.length === 0 ? (
        <Empty why="Nobody has tried yet.">
          A conductor dispatches it to a pool; a worker of that pool takes it.
        </Empty>
      ) : (
        <Table label="Attempts" columns={['No.', 'State', 'Worker', 'Started', 'Ended', 'What came of it']}>
          {task.attempts.toReversed().map((attempt) => (
            <tr key={attempt.id}>
              <td>
                {attempt.number}
                <div>
                  <IdText id={attempt.id} />
                </div>
              </td>
              <td>
                <StateMark state={attempt.state} />
              </td>
              <td>
                {attempt.worker === null || attempt.worker === attempt.pool
                  ? attempt.pool
                  : `${attempt.pool} · ${attempt.worker}`}
              </td>
              <td>
                <When at={attempt.started_at} />
              </td>
              <td>
                <When at={attempt.ended_at} />
              </td>
              <td className="wk-words" style={{ maxWidth: 320 }}>
                {attempt.error?.message ?? attempt.result?.summary ?? ''}
                {attempt.late_result !== null && (
                  <Text fz="xs" c="dimmed">
                    came too late: {attempt.late_result.summary}
                  </Text>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
