import { Alert, Grid, SimpleGrid, Stack } from '@mantine/core';
import { useThrottledCallback } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import {
  readConductorOptions,
  readContextSeriesOptions,
  readContextSeriesQueryKey,
  readMissionOptions,
} from '../../api/generated/@tanstack/react-query.gen.js';
import type { ConductorGauge, Event as LedgerEvent, Mission } from '../../api/generated/types.gen.js';
import { useMissionEvents } from '../../live/use-mission-events.js';
import { count, shortNumber, usd, wholeNumber } from '../../ui/format.js';
import { IdText, Loading, PageHead, ProblemAlert, Stat, StateMark, When } from '../../ui/parts.js';
import { toneOf } from '../../ui/state-tone.js';
import { useTitle } from '../../ui/use-title.js';
import { EventFeed } from '../../ui/event-feed.js';
import { DirectivesPanel } from './directives-panel.js';
import { MessagesPanel } from './messages-panel.js';
import { MissionControls } from './mission-controls.js';
import { budgetText, gaugeText, tasksOf, tasksText, troubleText } from './mission-model.js';
import { MissionQuestions } from './mission-questions.js';
import { PicturePanel } from './picture-panel.js';
import { comparisonOf, isNewToPicture } from './picture-model.js';
import { RecentTasks } from './recent-tasks.js';
import { WavePanel } from './wave-panel.js';

const route = getRouteApi('/shell/missions/$missionId');
/** Waves of a busy mission end several times a second; the picture of thousands is not read so often. */
const PICTURE_EVERY_MS = 5_000;

export function MissionScreen() {
  const { missionId } = route.useParams();
  const mission = useQuery(readMissionOptions({ path: { id: missionId } }));
  useTitle(mission.data?.title);
  if (mission.isError) return <ProblemAlert error={mission.error} />;
  if (mission.data === undefined) return <Loading what="the mission" />;
  return <Opened mission={mission.data} key={missionId} />;
}

function Opened({ mission }: { readonly mission: Mission }) {
  const queries = useQueryClient();
  const path = { id: mission.id };
  const gauge = useQuery(readConductorOptions({ path }));
  // The first end is drawn at once, and the last of those that follow when the time is over.
  const seriesKey = readContextSeriesQueryKey({ path });
  const redraw = useThrottledCallback(
    () => void queries.invalidateQueries({ queryKey: seriesKey }),
    PICTURE_EVERY_MS,
  );
  const events = useMissionEvents(mission.id, mission.last_seq, (event: LedgerEvent) => {
    if (isNewToPicture(queries.getQueryData(seriesKey), event)) redraw();
  });
  const trouble = troubleText(mission);
  return (
    <Stack gap="md">
      <PageHead
        title={mission.title}
        api={{ path: `/v1/missions/${mission.id}` }}
        detail={
          <>
            <StateMark state={mission.state} />
            <IdText id={mission.id} />
            <span>{count(mission.waves, 'wave')}</span>
            <span>
              begun <When at={mission.created_at} />
            </span>
          </>
        }
        actions={<MissionControls mission={mission} />}
      />
      {trouble !== null && (
        <Alert variant="outline" color={toneOf(mission.state) === 'bad' ? 'red' : 'gray'} role="status">
          {trouble}
        </Alert>
      )}
      <Stats mission={mission} gauge={gauge.data} />
      <PicturePanel missionId={mission.id} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="md">
            <WavePanel missionId={mission.id} gauge={gauge.data} />
            <RecentTasks missionId={mission.id} />
            <MessagesPanel missionId={mission.id} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="md">
            <MissionQuestions mission={mission} />
            <DirectivesPanel mission={mission} />
            <EventFeed events={events} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

function Stats({
  mission,
  gauge,
}: {
  readonly mission: Mission;
  readonly gauge: ConductorGauge | undefined;
}) {
  const series = useQuery(readContextSeriesOptions({ path: { id: mission.id } }));
  const comparison = series.data === undefined ? null : comparisonOf(series.data);
  const tasks = tasksOf(mission);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 5 }} spacing="md">
      <Stat
        label="Context now"
        value={gauge === undefined ? '…' : shortNumber(gauge.context.tokens)}
        detail={gauge === undefined ? '' : gaugeText(gauge)}
        {...(gauge === undefined || gauge.context.level === 'ok'
          ? {}
          : { tone: toneOf(gauge.context.level) })}
      />
      <Stat
        label="As one conversation"
        value={comparison?.conversation ?? '–'}
        detail={comparison === null ? 'no wave yet' : `${comparison.ratio} (estimate)`}
      />
      <Stat label="Input tokens read" value={comparison?.read ?? '0'} detail={comparison?.saved ?? ''} />
      <Stat label="Tasks" value={wholeNumber(tasks.all)} detail={tasksText(mission)} />
      <Stat label="Spent" value={usd(mission.budget.spent_usd)} detail={budgetText(mission)} />
    </SimpleGrid>
  );
}
