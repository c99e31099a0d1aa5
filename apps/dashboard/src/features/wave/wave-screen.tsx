import { Button, Grid, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import {
  listWavesOptions,
  readMissionOptions,
  readWaveContextQueryKey,
  readWaveOptions,
} from '../../api/generated/@tanstack/react-query.gen.js';
import type { Wave } from '../../api/generated/types.gen.js';
import { percent, shortNumber, usd, wholeNumber, words } from '../../ui/format.js';
import { Icon } from '../../ui/icons.js';
import { IdText, Loading, PageHead, Panel, ProblemAlert, Stat, StateMark, When } from '../../ui/parts.js';
import { toneOf } from '../../ui/state-tone.js';
import { useTitle } from '../../ui/use-title.js';
import { Decisions } from './decisions.js';
import { SeenPanel } from './seen-panel.js';
import { ShadowDialog } from './shadow-dialog.js';
import { cacheShares, secondsOf } from './wave-model.js';

const route = getRouteApi('/shell/waves/$waveId');

export function WaveScreen() {
  const { waveId } = route.useParams();
  const wave = useQuery(readWaveOptions({ path: { id: waveId } }));
  useTitle(wave.data && `Wave ${wave.data.number}`);
  if (wave.isError) return <ProblemAlert error={wave.error} />;
  if (wave.data === undefined) return <Loading what="the wave" />;
  return <Opened wave={wave.data} key={waveId} />;
}

function Opened({ wave }: { readonly wave: Wave }) {
  const mission = useQuery(readMissionOptions({ path: { id: wave.mission_id } }));
  const [asksAgain, setAsksAgain] = useState(false);
  useFreshContext(wave);
  return (
    <Stack gap="md">
      <PageHead
        title={`Wave ${wave.number}`}
        api={{ path: `/v1/waves/${wave.id}` }}
        detail={
          <>
            <StateMark state={wave.state} />
            <Link to="/missions/$missionId" params={{ missionId: wave.mission_id }}>
              {mission.data?.title ?? 'its mission'}
            </Link>
            <span>because of {words(wave.trigger)}</span>
            {wave.stop_reason !== null && <span>ended by {words(wave.stop_reason)}</span>}
            <span>{wave.model}</span>
            <IdText id={wave.id} />
            <When at={wave.started_at} />
          </>
        }
        actions={
          <>
            {wave.state === 'committed' && (
              <Button
                variant="default"
                leftSection={<Icon name="rotate" size={14} />}
                onClick={() => setAsksAgain(true)}
              >
                Run again as a shadow
              </Button>
            )}
            <Neighbour wave={wave} by={-1} />
            <Neighbour wave={wave} by={1} />
          </>
        }
      />
      <Stats wave={wave} />
      {asksAgain && (
        <ShadowDialog wave={wave} policy={mission.data?.policy} onClose={() => setAsksAgain(false)} />
      )}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <SeenPanel wave={wave} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="md">
            <Panel title="What it decided">
              <Decisions decisions={wave.decisions} isRunning={wave.state === 'running'} />
            </Panel>
            {wave.handoff_note !== null && wave.handoff_note !== '' && (
              <Panel title="What it left for the next">
                <Text fz="sm" className="wk-words">
                  {wave.handoff_note}
                </Text>
              </Panel>
            )}
            <Panel title="How its input was paid for">
              <CacheTable wave={wave} />
            </Panel>
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

/** What it saw is read once; while it runs, again after each of its requests. */
function useFreshContext({ id, state, requests }: Wave): void {
  const queries = useQueryClient();
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: readWaveContextQueryKey({ path: { id } }) });
  }, [queries, id, state, requests]);
}

function Neighbour({ wave, by }: { readonly wave: Wave; readonly by: 1 | -1 }) {
  const router = useRouter();
  const number = wave.number + by;
  const found = useQuery({
    ...listWavesOptions({ path: { id: wave.mission_id }, query: { number, limit: 1 } }),
    enabled: number > 0,
  });
  const id = found.data?.data[0]?.id;
  return (
    <Button
      variant="default"
      disabled={id === undefined}
      leftSection={<Icon name={by < 0 ? 'left' : 'right'} size={14} />}
      onClick={() => id !== undefined && router.history.push(`/waves/${id}`)}
    >
      {by < 0 ? 'Before' : 'After'}
    </Button>
  );
}

function Stats({ wave }: { readonly wave: Wave }) {
  const { usage, context } = wave;
  const seconds = secondsOf(wave);
  const input = usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="md">
      <Stat
        label="Largest request"
        value={shortNumber(wave.peak_request_tokens)}
        detail={`${percent(context.tokens / context.budget)} of ${wholeNumber(context.budget)}, never above`}
        {...(context.level === 'ok' ? {} : { tone: toneOf(context.level) })}
      />
      <Stat
        label="Requests"
        value={wave.requests}
        detail={seconds === null ? 'running' : `in ${seconds.toFixed(1)} s`}
      />
      <Stat
        label="Input tokens"
        value={shortNumber(input)}
        detail={`${percent(cacheShares(wave).read)} read from the cache`}
      />
      <Stat
        label="Cost"
        value={usd(usage.cost_usd)}
        detail={`${wholeNumber(usage.output_tokens)} output tokens`}
      />
    </SimpleGrid>
  );
}

function CacheTable({ wave }: { readonly wave: Wave }) {
  const shares = cacheShares(wave);
  const rows = [
    ['Uncached', wave.usage.input_tokens, shares.fresh],
    ['Written to the cache', wave.usage.cache_write_tokens, shares.written],
    ['Read from the cache', wave.usage.cache_read_tokens, shares.read],
  ] as const;
  return (
    <table className="wk-table">
      <tbody>
        {rows.map(([name, tokens, share]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="wk-number">{wholeNumber(tokens)}</td>
            <td className="wk-number">{percent(share)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
