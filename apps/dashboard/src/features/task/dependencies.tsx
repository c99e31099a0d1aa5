import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { readNeighbourhoodOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { Task } from '../../api/generated/types.gen.js';
import { Panel, StateMark } from '../../ui/parts.js';
import { around, type Neighbour } from './graph-model.js';

const TaskGraph = lazy(() => import('./graph.js').then((loaded) => ({ default: loaded.TaskGraph })));

/** What must be done first and what waits for it, two steps far: drawn, and as lists. */
export function Dependencies({ task }: { readonly task: Task }) {
  const near = useQuery(readNeighbourhoodOptions({ path: { id: task.id } }));
  const tasks = near.data?.data ?? [];
  if (tasks.length < 2) return null;
  const { needs, neededBy } = around(tasks, task.id);
  return (
    <Panel title="Dependencies" aside={near.data?.cut === true && <Text fz="sm">the nearest hundred</Text>}>
      <Suspense fallback={<div style={{ height: 220 }} />}>
        <TaskGraph tasks={tasks} subject={task.id} />
      </Suspense>
      <Stack gap={4} mt="sm">
        <Names title="Needs" tasks={needs} />
        <Names title="Needed by" tasks={neededBy} />
      </Stack>
    </Panel>
  );
}

function Names({ title, tasks }: { readonly title: string; readonly tasks: readonly Neighbour[] }) {
  if (tasks.length === 0) return null;
  return (
    <Text fz="sm" component="div">
      <b>{title}</b>
      {tasks.map(({ id, ref, state }) => (
        <span key={id} style={{ marginLeft: 12, whiteSpace: 'nowrap' }}>
          <Link to="/tasks/$taskId" params={{ taskId: id }}>
            {ref}
          </Link>{' '}
          <StateMark state={state} />
        </span>
      ))}
    </Text>
  );
}
