import dagre from '@dagrejs/dagre';
import { Background, Controls, Handle, Position, ReactFlow, type Node, type NodeProps } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useComputedColorScheme } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { StateMark } from '../../ui/parts.js';
import { edgesOf, type Neighbour } from './graph-model.js';

const NODE = { width: 172, height: 62 };
const GAP = { rank: 34, node: 18 };

type TaskNode = Node<{ readonly task: Neighbour; readonly isSubject: boolean }>;

/** Drawn from left to right, in a chunk of its own; at most a hundred tasks. */
export function TaskGraph({
  tasks,
  subject,
}: {
  readonly tasks: readonly Neighbour[];
  readonly subject: string;
}) {
  const scheme = useComputedColorScheme('light');
  const { nodes, edges } = useMemo(() => layOut(tasks, subject), [tasks, subject]);
  return (
    <div style={{ height: Math.min(520, 130 + 16 * tasks.length) }} className="wk-graph">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={scheme}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.15 }}
        minZoom={0.2}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        preventScrolling={false}
        zoomOnScroll={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function layOut(tasks: readonly Neighbour[], subject: string) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', ranksep: GAP.rank, nodesep: GAP.node });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of tasks) graph.setNode(id, { ...NODE });
  const edges = edgesOf(tasks);
  for (const { source, target } of edges) graph.setEdge(source, target);
  dagre.layout(graph);
  const nodes = tasks.map((task): TaskNode => {
    const { x, y } = graph.node(task.id) as { x: number; y: number };
    return {
      id: task.id,
      type: 'task',
      position: { x: x - NODE.width / 2, y: y - NODE.height / 2 },
      data: { task, isSubject: task.id === subject },
    };
  });
  return { nodes, edges };
}

function TaskBox({ data: { task, isSubject } }: NodeProps<TaskNode>) {
  return (
    <div className="wk-graph-node" data-subject={isSubject} style={NODE}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="wk-clip">
        {isSubject ? (
          <b>{task.ref}</b>
        ) : (
          <Link to="/tasks/$taskId" params={{ taskId: task.id }}>
            {task.ref}
          </Link>
        )}{' '}
        {task.title}
      </div>
      <StateMark state={task.state} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

const nodeTypes = { task: TaskBox };
