import { Button, Grid, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { readMissionOptions, readTaskOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { cancelTask, retryTask } from '../../api/generated/sdk.gen.js';
import type { Task } from '../../api/generated/types.gen.js';
import { words } from '../../ui/format.js';
import { JsonValue } from '../../ui/json-view.js';
import { Empty, IdText, Loading, PageHead, Panel, ProblemAlert, StateMark, When } from '../../ui/parts.js';
import { TextViewer } from '../../ui/text-viewer.js';
import { useTitle } from '../../ui/use-title.js';
import { Attempts } from './attempts.js';
import { Dependencies } from './dependencies.js';
import { Provenance } from './provenance.js';
import { TaskHistory } from './task-history.js';

const route = getRouteApi('/shell/tasks/$taskId');

export function TaskScreen() {
  const { taskId } = route.useParams();
  const task = useQuery(readTaskOptions({ path: { id: taskId } }));
  useTitle(task.data && `${task.data.ref} ${task.data.title}`);
  if (task.isError) return <ProblemAlert error={task.error} />;
  if (task.data === undefined) return <Loading what="the task" />;
  return <Opened task={task.data} key={taskId} />;
}

function Opened({ task }: { readonly task: Task }) {
  const mission = useQuery(readMissionOptions({ path: { id: task.mission_id } }));
  return (
    <Stack gap="md">
      <PageHead
        title={`${task.ref} ${task.title}`}
        api={{ path: `/v1/tasks/${task.id}` }}
        detail={
          <>
            <StateMark state={task.state} />
            {task.state_reason !== null && <span>{words(task.state_reason)}</span>}
            <Link to="/missions/$missionId" params={{ missionId: task.mission_id }}>
              {mission.data?.title ?? 'its mission'}
            </Link>
            <IdText id={task.id} />
            <span>
              submitted <When at={task.created_at} />
            </span>
          </>
        }
        actions={<Actions task={task} />}
      />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="md">
            <Result task={task} />
            <Attempts task={task} />
            <Dependencies task={task} />
            <Brief task={task} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack gap="md">
            <Provenance task={task} />
            <TaskHistory taskId={task.id} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

function Actions({ task }: { readonly task: Task }) {
  const path = { id: task.id };
  const cancel = useMutation({
    mutationFn: () => cancelTask({ path, throwOnError: true }),
    onSuccess: () =>
      notifications.show({ message: 'Canceled; an attempt at work is told with its next heartbeat.' }),
  });
  const retry = useMutation({
    mutationFn: () => retryTask({ path, throwOnError: true }),
    onSuccess: () => notifications.show({ message: 'Queued again.' }),
  });
  const isOver = ['completed', 'failed', 'canceled'].includes(task.state);
  return (
    <>
      {(task.state === 'failed' || task.state === 'canceled') && (
        <Button loading={retry.isPending} onClick={() => retry.mutate()}>
          Retry
        </Button>
      )}
      {!isOver && (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel the task
        </Button>
      )}
    </>
  );
}

function Result({ task }: { readonly task: Task }) {
  return (
    <Panel title="Result">
      {task.result === null ? (
        <Empty why="There is no result yet.">It stands here once a conductor has accepted an attempt.</Empty>
      ) : (
        <Stack gap="sm">
          <Text className="wk-words">{task.result.summary}</Text>
          {task.result.output !== null && (
            <JsonValue value={task.result.output} name={`${task.ref}-output.json`} />
          )}
          {task.result.artifacts.map(({ id, name, media_type: type, size_bytes: bytes }) => (
            <Text key={id} fz="sm">
              <a href={`/v1/artifacts/${id}`} download>
                {name}
              </a>{' '}
              {type}, {bytes.toLocaleString('en')} bytes
            </Text>
          ))}
        </Stack>
      )}
    </Panel>
  );
}

function Brief({ task }: { readonly task: Task }) {
  return (
    <Panel title="What was asked">
      <Stack gap="sm">
        {task.instructions === '' ? (
          <Text c="dimmed" fz="sm">
            No instructions beside the title.
          </Text>
        ) : (
          <TextViewer text={task.instructions} name={`${task.ref}-instructions.txt`} />
        )}
        {task.acceptance_criteria.length > 0 && (
          <Text fz="sm" component="div">
            <b>Accepted when</b>
            <ul>
              {task.acceptance_criteria.map((criterion, place) => (
                <li key={place} className="wk-words">
                  {criterion}
                </li>
              ))}
            </ul>
          </Text>
        )}
        {Object.keys(task.metadata).length > 0 && (
          <JsonValue value={task.metadata} name={`${task.ref}-metadata.json`} />
        )}
      </Stack>
    </Panel>
  );
}
