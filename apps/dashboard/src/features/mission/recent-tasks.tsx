import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listTasksOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Empty, Panel, StateMark, When } from '../../ui/parts.js';

const TASKS_SHOWN = 8;

/** The newest tasks; all of them, to filter and to act on, are a click away. */
export function RecentTasks({ missionId }: { readonly missionId: string }) {
  const tasks = useQuery(listTasksOptions({ query: { mission_id: missionId, limit: TASKS_SHOWN } }));
  return (
    <Panel
      title="Newest tasks"
      aside={
        <Link to="/tasks" search={{ mission: missionId }}>
          All tasks
        </Link>
      }
    >
      {tasks.data?.data.length === 0 ? (
        <Empty why="No task has been submitted.">Submit one above, by the API, or by the command line.</Empty>
      ) : (
        <table className="wk-table">
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">Title</th>
              <th scope="col">State</th>
              <th scope="col">Changed</th>
            </tr>
          </thead>
          <tbody>
            {(tasks.data?.data ?? []).map(({ id, ref, title, state, updated_at: at }) => (
              <tr key={id}>
                <td>
                  <Link to="/tasks/$taskId" params={{ taskId: id }}>
                    {ref}
                  </Link>
                </td>
                <td className="wk-words">{title}</td>
                <td>
                  <StateMark state={state} />
                </td>
                <td>
                  <When at={at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
