import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Task } from '../../api/generated/types.gen.js';
import { IdText, Panel, When } from '../../ui/parts.js';

/** Where it came from and where it went: through waves and into the digests that later conductors read. */
export function Provenance({ task }: { readonly task: Task }) {
  return (
    <Panel title="Where it came from, where it went">
      <table className="wk-table">
        <tbody>
          <Row name="Created by">
            {task.created_by_wave === null ? 'a submission' : <WaveLink id={task.created_by_wave} />}
          </Row>
          <Row name="Reviewed by">
            {task.reviewed_by_wave === null ? '–' : <WaveLink id={task.reviewed_by_wave} />}
          </Row>
          <Row name="Told as">{task.digest_id === null ? '–' : <IdText id={task.digest_id} />}</Row>
          <Row name="Completed">
            <When at={task.completed_at} />
          </Row>
          <Row name="Key">{task.key ?? '–'}</Row>
          <Row name="Pool">{task.worker ?? 'the conductor chooses'}</Row>
          <Row name="Priority">{task.priority}</Row>
          <Row name="Generation">{task.generation}</Row>
        </tbody>
      </table>
    </Panel>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="wk-words">{children}</td>
    </tr>
  );
}

function WaveLink({ id }: { readonly id: string }) {
  return (
    <Link to="/waves/$waveId" params={{ waveId: id }}>
      the wave {id.slice(-4)}
    </Link>
  );
}
