import { SegmentedControl, SimpleGrid, Stack } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { readUsageOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { UsageReport } from '../../api/generated/types.gen.js';
import { percent, shortNumber, usd, wholeNumber } from '../../ui/format.js';
import { Empty, Loading, Panel, ProblemAlert, Stat } from '../../ui/parts.js';
import { inputTokens } from '../../ui/input-tokens.js';
import { numbers, Table } from '../../ui/table.js';
import { USAGE_GROUPS, type SettingsSearch } from './settings-search.js';

const route = getRouteApi('/shell/settings');

/** All model requests, failed ones too, summed up by what a person wants to know. */
export function UsageTab() {
  const { by = USAGE_GROUPS[0] } = route.useSearch();
  const navigate = route.useNavigate();
  const usage = useQuery({
    ...readUsageOptions({ query: { group_by: by } }),
    placeholderData: keepPreviousData,
  });
  if (usage.isError) return <ProblemAlert error={usage.error} />;
  if (usage.data === undefined) return <Loading what="the usage" />;
  const { totals } = usage.data;
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Stat label="Spent" value={usd(totals.cost_usd)} detail="at list prices, failed requests included" />
        <Stat
          label="Requests"
          value={wholeNumber(totals.requests)}
          detail={`${wholeNumber(totals.failed_requests)} failed`}
        />
        <Stat
          label="Input tokens"
          value={shortNumber(inputTokens(totals))}
          detail={`${percent(totals.cache_read_tokens / Math.max(1, inputTokens(totals)))} read from the cache`}
        />
        <Stat label="Output tokens" value={shortNumber(totals.output_tokens)} />
      </SimpleGrid>
      <Panel
        title="By"
        aside={
          <SegmentedControl
            data={[...USAGE_GROUPS]}
            value={by}
            onChange={(next) => void navigate({ search: { tab: 'usage', by: next as SettingsSearch['by'] } })}
            aria-label="Summed up by"
          />
        }
      >
        {usage.data.data.length === 0 ? (
          <Empty why="No model has been asked yet.">
            What each request costs stands here from the first on.
          </Empty>
        ) : (
          <UsageTable rows={usage.data.data} />
        )}
      </Panel>
    </Stack>
  );
}

function UsageTable({ rows }: { readonly rows: UsageReport['data'] }) {
  return (
    <Table
      label="Usage"
      columns={[
        'Of',
        ...numbers('Requests', 'Failed', 'Uncached', 'Cache written', 'Cache read', 'Output', 'Cost'),
      ]}
    >
      {rows.map((row) => (
        <tr key={row.key}>
          <td>
            {row.key.startsWith('msn_') ? (
              <Link to="/missions/$missionId" params={{ missionId: row.key }} className="wk-mono">
                {row.key}
              </Link>
            ) : (
              row.key
            )}
          </td>
          {[
            row.requests,
            row.failed_requests,
            row.input_tokens,
            row.cache_write_tokens,
            row.cache_read_tokens,
            row.output_tokens,
          ].map((value, place) => (
            <td key={place} className="wk-number">
              {wholeNumber(value)}
            </td>
          ))}
          <td className="wk-number">{usd(row.cost_usd)}</td>
        </tr>
      ))}
    </Table>
  );
}
