import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useCallbackRef } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { memo, useEffect, useState } from 'react';
import {
  listMissionsOptions,
  listTasksOptions,
  listTasksQueryKey,
  readSessionOptions,
} from '../../api/generated/@tanstack/react-query.gen.js';
import { cancelTask, retryTask } from '../../api/generated/sdk.gen.js';
import type { TaskSummary } from '../../api/generated/types.gen.js';
import { count, words } from '../../ui/format.js';
import { Icon } from '../../ui/icons.js';
import { Pager } from '../../ui/pager.js';
import { CopyIcon, Empty, Loading, PageHead, Panel, ProblemAlert, StateMark, When } from '../../ui/parts.js';
import { useTitle } from '../../ui/use-title.js';
import { SavedViews } from './saved-views.js';
import { doToAll, takenBy, whyEmpty, type BulkAction } from './tasks-model.js';
import { TASK_STATES, type TasksSearch } from './tasks-search.js';

const route = getRouteApi('/shell/tasks');
const PAGE = 50;
const MISSIONS_SHOWN_MAX = 100;
const CALLS = { retry: retryTask, cancel: cancelTask } as const;

export function TasksScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  useTitle('Tasks');
  const tasks = useQuery({
    ...listTasksOptions({ query: queryOf(search) }),
    placeholderData: keepPreviousData,
  });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setChosen(new Set()), [search]);
  const shown = tasks.data?.data ?? [];
  return (
    <Stack gap="md">
      <PageHead
        title="Tasks"
        api={{ path: '/v1/tasks', query: queryOf(search) }}
        detail="Units of work. What you look at stands in the address, to keep or to share."
      />
      <Filters search={search} onChange={(next) => void navigate({ search: next })} />
      {tasks.isError && <ProblemAlert error={tasks.error} />}
      {tasks.isPending && <Loading what="the tasks" />}
      {tasks.data !== undefined && (
        <Panel>
          <BulkActions tasks={shown} chosen={chosen} onDone={() => setChosen(new Set())} />
          {shown.length === 0 ? (
            <Empty why={whyEmpty(search)}>
              Submit one on the page of a mission, or with <code>npx wavekeeper task submit "A title"</code>.
            </Empty>
          ) : (
            <TaskTable tasks={shown} chosen={chosen} onChoose={setChosen} />
          )}
          <Pager
            isFirst={search.cursor === undefined}
            next={tasks.data.next_cursor}
            onFirst={() => void navigate({ search: { ...search, cursor: undefined } })}
            onNext={(cursor) => void navigate({ search: { ...search, cursor } })}
          />
        </Panel>
      )}
    </Stack>
  );
}

function queryOf({ state, mission, q, cursor }: TasksSearch) {
  return {
    limit: PAGE,
    ...(state && { state }),
    ...(mission && { mission_id: mission }),
    ...(q && { q }),
    ...(cursor && { cursor }),
  };
}

function Filters(props: { readonly search: TasksSearch; readonly onChange: (search: TasksSearch) => void }) {
  const { search, onChange } = props;
  const [text, setText] = useState(search.q ?? '');
  useEffect(() => setText(search.q ?? ''), [search.q]);
  const missions = useQuery(listMissionsOptions({ query: { limit: MISSIONS_SHOWN_MAX } }));
  const session = useQuery({ ...readSessionOptions(), staleTime: 'static' });
  // Another filter begins at the first page.
  const change = (part: TasksSearch) => onChange({ ...search, cursor: undefined, ...part });
  return (
    <Group gap="sm">
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          change({ q: text.trim() === '' ? undefined : text.trim() });
        }}
      >
        <TextInput
          placeholder="Words, T12, a key or an id"
          aria-label="Search tasks"
          leftSection={<Icon name="search" size={16} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          w={260}
        />
      </form>
      <Select
        data={TASK_STATES.map((value) => ({ value, label: words(value) }))}
        value={search.state ?? null}
        onChange={(state) => change({ state: TASK_STATES.find((known) => known === state) })}
        placeholder="any state"
        aria-label="State"
        clearable
        clearButtonProps={{ 'aria-label': 'Any state' }}
        w={170}
      />
      <Select
        data={(missions.data?.data ?? []).map(({ id, title }) => ({ value: id, label: title }))}
        value={search.mission ?? null}
        onChange={(mission) => change({ mission: mission ?? undefined })}
        placeholder="any mission"
        aria-label="Mission"
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Any mission' }}
        w={260}
      />
      {session.isSuccess && (
        <SavedViews tenantId={session.data.tenant_id} search={search} onOpen={onChange} />
      )}
    </Group>
  );
}

function BulkActions(props: {
  readonly tasks: readonly TaskSummary[];
  readonly chosen: ReadonlySet<string>;
  readonly onDone: () => void;
}) {
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: (action: BulkAction) =>
      doToAll(
        takenBy(action, props.tasks, props.chosen).map(({ id }) => id),
        (id) => CALLS[action]({ path: { id }, throwOnError: true }),
      ),
    onSuccess: ({ done, refused }, action) => {
      notifications.show({
        message: `${action === 'retry' ? 'Queued again' : 'Canceled'}: ${done}${refused === 0 ? '' : `; ${refused} refused, they had moved on`}.`,
      });
      props.onDone();
      void queries.invalidateQueries({ queryKey: listTasksQueryKey() });
    },
  });
  if (props.chosen.size === 0) return null;
  const number = (action: BulkAction) => takenBy(action, props.tasks, props.chosen).length;
  return (
    <Group mb="sm" gap="sm">
      <span>{count(props.chosen.size, 'task')} chosen</span>
      {(['retry', 'cancel'] as const).map((action) => (
        <Button
          key={action}
          variant="default"
          size="xs"
          disabled={number(action) === 0}
          loading={act.isPending && act.variables === action}
          onClick={() => act.mutate(action)}
        >
          {action === 'retry' ? `Retry ${number(action)}` : `Cancel ${number(action)}`}
        </Button>
      ))}
      <CopyIcon text={[...props.chosen].join('\n')} label="Copy their ids" />
    </Group>
  );
}

function TaskTable(props: {
  readonly tasks: readonly TaskSummary[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}) {
  const { tasks, chosen, onChoose } = props;
  const toggle = useCallbackRef((id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  });
  return (
    <div className="wk-scroll" tabIndex={0} role="region" aria-label="Tasks">
      <table className="wk-table">
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                className="wk-check"
                aria-label="Choose all on this page"
                checked={chosen.size === tasks.length}
                ref={(box) => {
                  if (box !== null) box.indeterminate = chosen.size > 0 && chosen.size < tasks.length;
                }}
                onChange={() =>
                  onChoose(chosen.size === tasks.length ? new Set() : new Set(tasks.map(({ id }) => id)))
                }
              />
            </th>
            <th scope="col">Task</th>
            <th scope="col">Title</th>
            <th scope="col">State</th>
            <th scope="col">Why</th>
            <th scope="col">Worker</th>
            <th scope="col" className="wk-number">
              Priority
            </th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <TaskRow key={task.id} task={task} isChosen={chosen.has(task.id)} onToggle={toggle} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Fifty of them are drawn at once when a page is turned: the browser's own box is the cheapest. */
const TaskRow = memo(function TaskRow(props: {
  readonly task: TaskSummary;
  readonly isChosen: boolean;
  readonly onToggle: (id: string) => void;
}) {
  const { task, isChosen, onToggle } = props;
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          className="wk-check"
          aria-label={`Choose ${task.ref}`}
          checked={isChosen}
          onChange={() => onToggle(task.id)}
        />
      </td>
      <td>
        <Link to="/tasks/$taskId" params={{ taskId: task.id }}>
          {task.ref}
        </Link>
      </td>
      <td className="wk-words" style={{ maxWidth: 460 }}>
        {task.title}
      </td>
      <td>
        <StateMark state={task.state} />
      </td>
      <td>{task.state_reason === null ? '' : words(task.state_reason)}</td>
      <td>{task.worker ?? ''}</td>
      <td className="wk-number">{task.priority}</td>
      <td>
        <When at={task.updated_at} />
      </td>
    </tr>
  );
});
