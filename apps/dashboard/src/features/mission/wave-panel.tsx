import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listWavesOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { ConductorGauge, Wave } from '../../api/generated/types.gen.js';
import { count, percent, shortNumber, usd, words } from '../../ui/format.js';
import { Empty, Loading, Panel, ProblemAlert, StateMark, When } from '../../ui/parts.js';
import { numbers, Table } from '../../ui/table.js';
import { nextWaveText } from './mission-model.js';

const WAVES_SHOWN = 8;

/** The wave that runs, and the last ones: what each carried, decided and cost. */
export function WavePanel(props: { readonly missionId: string; readonly gauge: ConductorGauge | undefined }) {
  const waves = useQuery(listWavesOptions({ path: { id: props.missionId }, query: { limit: WAVES_SHOWN } }));
  if (waves.isError) return <ProblemAlert error={waves.error} />;
  if (waves.data === undefined) return <Loading what="the waves" />;
  return (
    <Panel title="Waves">
      {props.gauge !== undefined && (
        <Text fz="sm" c="dimmed" mb="xs" role="status">
          {nextWaveText(props.gauge)}
        </Text>
      )}
      {waves.data.data.length === 0 ? (
        <Empty why="There has been no wave yet.">
          The first begins a moment after the first task or message.
        </Empty>
      ) : (
        <WaveTable waves={waves.data.data} />
      )}
    </Panel>
  );
}

function WaveTable({ waves }: { readonly waves: readonly Wave[] }) {
  return (
    <Table
      label="The last waves"
      columns={['Wave', 'State', 'Because of', 'Context', ...numbers('Decisions', 'Cost'), 'Begun']}
    >
      {waves.map((wave) => (
        <tr key={wave.id}>
          <td>
            <Link to="/waves/$waveId" params={{ waveId: wave.id }} aria-label={`Wave ${wave.number}`}>
              {wave.number}
            </Link>
          </td>
          <td>
            <StateMark state={wave.state} />
          </td>
          <td>{words(wave.trigger)}</td>
          <td>
            <Fill wave={wave} />
          </td>
          <td className="wk-number" title={count(wave.requests, 'request')}>
            {wave.decisions.length}
          </td>
          <td className="wk-number">{usd(wave.usage.cost_usd)}</td>
          <td>
            <When at={wave.started_at} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Fill({ wave: { context } }: { readonly wave: Wave }) {
  const share = Math.min(1, context.tokens / context.budget);
  return (
    <Group gap="xs" wrap="nowrap">
      <svg width={70} height={8} aria-hidden="true">
        <rect width={70} height={8} rx={4} fill="var(--wk-free)" />
        <rect width={70 * share} height={8} rx={4} fill="var(--wk-busy)" />
      </svg>
      <span title={`${percent(share)} of ${shortNumber(context.budget)}`}>{shortNumber(context.tokens)}</span>
    </Group>
  );
}
