import { Chip, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { readContextSeriesOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { ContextSeries } from '../../api/generated/types.gen.js';
import { percent, shortNumber, wholeNumber } from '../../ui/format.js';
import { Empty, Loading, Panel, ProblemAlert } from '../../ui/parts.js';
import { numbers, Table } from '../../ui/table.js';
import { pictureOf, pictureRows, pictureText } from './picture-model.js';
import { chartOptions } from './prepare-mission.js';

/** What each wave carried against its ceiling, and what one conversation would have: drawn, in words, and in a table. */
export function PicturePanel({ missionId }: { readonly missionId: string }) {
  const series = useQuery(readContextSeriesOptions({ path: { id: missionId } }));
  if (series.isError) return <ProblemAlert error={series.error} />;
  if (series.data === undefined) return <Loading what="the waves" />;
  return (
    <Panel title="Context the conductor carried" aside={<Facts series={series.data} />}>
      {series.data.points.length === 0 ? (
        <Empty why="No wave has asked anything yet.">
          Submit a task or send a message; the first wave draws the first tooth.
        </Empty>
      ) : (
        <Drawn series={series.data} />
      )}
    </Panel>
  );
}

function Facts({ series }: { readonly series: ContextSeries }) {
  return (
    <Text fz="sm" c="dimmed">
      {wholeNumber(series.waves)} waves · {wholeNumber(series.turns)} turns ·{' '}
      {shortNumber(series.read_tokens)} input tokens
    </Text>
  );
}

function Drawn({ series }: { readonly series: ContextSeries }) {
  const [lines, setLines] = useState<string[]>(['conversation', 'compacted']);
  const chart = useQuery(chartOptions);
  const [showsNumbers, setNumbers] = useState(false);
  const picture = useMemo(() => pictureOf(series), [series]);
  const shown = useMemo(
    () => ({
      conversation: lines.includes('conversation'),
      compacted: picture.wasCompacted && lines.includes('compacted'),
    }),
    [lines, picture],
  );
  return (
    <>
      <Group justify="space-between" gap="sm">
        <Chip.Group multiple value={lines} onChange={setLines}>
          <Group gap="xs">
            <Chip size="xs" value="conversation" variant="outline">
              One conversation
            </Chip>
            <Chip size="xs" value="compacted" variant="outline" disabled={!picture.wasCompacted}>
              With auto-compaction at {percent(series.compact_at_tokens / series.window_tokens)}
            </Chip>
          </Group>
        </Chip.Group>
        <Text fz="xs" c="dimmed">
          Scroll or drag the slider to zoom into the teeth
        </Text>
      </Group>
      {chart.isError && <ProblemAlert error={chart.error} />}
      {chart.data === undefined ? (
        <div style={{ height: 380 }} />
      ) : (
        <chart.data picture={picture} lines={shown} label={pictureText(series)} />
      )}
      <Text fz="xs" c="dimmed">
        Both other lines are estimates, computed from this mission’s ledger: one conversation keeps tools,
        role and directives once, all news once, and everything said and read within each wave. It would have
        read {shortNumber(series.conversation_read_tokens)} input tokens in the same turns, compacted{' '}
        {shortNumber(series.compacted_read_tokens)}; much of that at the price of cached tokens.
      </Text>
      <details onToggle={(event) => setNumbers(event.currentTarget.open)}>
        <summary>The same in numbers</summary>
        {showsNumbers && <PictureTable series={series} />}
      </details>
    </>
  );
}

function PictureTable({ series }: { readonly series: ContextSeries }) {
  return (
    <Table
      label="Tokens by wave"
      columns={[
        'Wave',
        ...numbers(
          'Turn',
          'First request',
          'Largest request',
          'Ceiling',
          'One conversation (est.)',
          'Compacted (est.)',
        ),
      ]}
    >
      {pictureRows(series).map((row) => (
        <tr key={row.number}>
          <td>
            <Link to="/waves/$waveId" params={{ waveId: row.waveId }}>
              {row.number}
            </Link>
          </td>
          {[row.turn, row.first, row.peak, row.budget, row.conversation, row.compacted].map(
            (value, place) => (
              <td key={place} className="wk-number">
                {wholeNumber(value)}
              </td>
            ),
          )}
        </tr>
      ))}
    </Table>
  );
}
