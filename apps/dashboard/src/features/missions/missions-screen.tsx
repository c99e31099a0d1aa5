import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import {
  listMissionsOptions,
  readRecentContextsOptions,
} from '../../api/generated/@tanstack/react-query.gen.js';
import type { Mission } from '../../api/generated/types.gen.js';
import { shortNumber, usd, wholeNumber, words } from '../../ui/format.js';
import { Icon } from '../../ui/icons.js';
import { Pager } from '../../ui/pager.js';
import {
  Command,
  Empty,
  IdText,
  Loading,
  PageHead,
  Panel,
  ProblemAlert,
  StateMark,
  When,
} from '../../ui/parts.js';
import { numbers, Table } from '../../ui/table.js';
import { useTitle } from '../../ui/use-title.js';
import { firstCommands, sparkline } from './missions-model.js';
import { MISSION_FILTERS } from './missions-search.js';
import { NewMissionDialog } from './new-mission-dialog.js';

const route = getRouteApi('/shell/');
const PAGE = 25;
const SPARK = { width: 120, height: 26 };

export function MissionsScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [isCreating, create] = useDisclosure(false);
  useTitle('Missions');
  const query = {
    limit: PAGE,
    ...(search.state && { state: search.state }),
    ...(search.cursor && { cursor: search.cursor }),
  };
  const missions = useQuery({ ...listMissionsOptions({ query }), placeholderData: keepPreviousData });
  return (
    <Stack gap="md">
      <PageHead
        title="Missions"
        api={{ path: '/v1/missions', query }}
        detail="Long-lived objectives, each led by one short-lived conductor after another."
        actions={
          <>
            <Select
              data={MISSION_FILTERS.map((value) => ({ value, label: words(value) }))}
              value={search.state ?? null}
              onChange={(state) => void navigate({ search: state === null ? {} : { state: state } })}
              placeholder="any state"
              aria-label="State"
              clearable
              clearButtonProps={{ 'aria-label': 'Any state' }}
              w={170}
            />
            <Button leftSection={<Icon name="plus" size={16} />} onClick={create.open}>
              New mission
            </Button>
          </>
        }
      />
      {missions.isError && <ProblemAlert error={missions.error} />}
      {missions.isPending && <Loading what="the missions" />}
      {missions.data !== undefined && (
        <Panel>
          <Missions missions={missions.data.data} isFiltered={search.state !== undefined} />
          <Pager
            isFirst={search.cursor === undefined}
            next={missions.data.next_cursor}
            onFirst={() => void navigate({ search: { ...search, cursor: undefined } })}
            onNext={(cursor) => void navigate({ search: { ...search, cursor } })}
          />
        </Panel>
      )}
      <NewMissionDialog isOpen={isCreating} onClose={create.close} />
    </Stack>
  );
}

function Missions({
  missions,
  isFiltered,
}: {
  readonly missions: readonly Mission[];
  readonly isFiltered: boolean;
}) {
  const hasWorked = missions.some(
    ({ waves, counts }) => waves > 0 || Object.values(counts).some((number) => number > 0),
  );
  const recent = useQuery({
    ...readRecentContextsOptions({ query: { mission_ids: missions.map(({ id }) => id).join(',') } }),
    enabled: missions.length > 0,
    placeholderData: keepPreviousData,
  });
  const tokensOf = new Map(recent.data?.data.map(({ mission_id: id, tokens }) => [id, tokens]));
  if (missions.length === 0 && isFiltered)
    return <Empty why="No mission is in this state.">Look at any state.</Empty>;
  return (
    <>
      {missions.length > 0 && (
        <Table
          label="Missions"
          columns={[
            'Mission',
            'State',
            'Context of its waves',
            ...numbers('Waves'),
            'Tasks',
            ...numbers('Questions', 'Spent'),
            'Changed',
          ]}
        >
          {missions.map((mission) => (
            <Row key={mission.id} mission={mission} tokens={tokensOf.get(mission.id) ?? []} />
          ))}
        </Table>
      )}
      {!hasWorked && !isFiltered && <FirstSteps />}
    </>
  );
}

function Row({ mission, tokens }: { readonly mission: Mission; readonly tokens: readonly number[] }) {
  const { counts } = mission;
  const open = counts.blocked + counts.queued + counts.input_required;
  return (
    <tr>
      <td style={{ maxWidth: 380 }}>
        <Link to="/missions/$missionId" params={{ missionId: mission.id }} className="wk-words">
          <b>{mission.title}</b>
        </Link>
        <div>
          <IdText id={mission.id} />
        </div>
      </td>
      <td>
        <StateMark state={mission.state} />
      </td>
      <td>
        <Spark tokens={tokens} ceiling={mission.policy.context_budget_tokens} />
      </td>
      <td className="wk-number">{wholeNumber(mission.waves)}</td>
      <td title="done, at work, open">
        {wholeNumber(counts.completed)} <Quiet>done</Quiet> {wholeNumber(counts.working)}{' '}
        <Quiet>at work</Quiet> {wholeNumber(open)} <Quiet>open</Quiet>
      </td>
      <td className="wk-number">
        {mission.input_requests_open === 0 ? '–' : <Link to="/inbox">{mission.input_requests_open}</Link>}
      </td>
      <td className="wk-number">{usd(mission.budget.spent_usd)}</td>
      <td>
        <When at={mission.updated_at} />
      </td>
    </tr>
  );
}

function Quiet({ children }: { readonly children: string }) {
  return (
    <Text span fz="xs" c="dimmed">
      {children}
    </Text>
  );
}

/** The last waves against the ceiling; their numbers are in the label, and on the mission's page. */
function Spark({ tokens, ceiling }: { readonly tokens: readonly number[]; readonly ceiling: number }) {
  const last = tokens.at(-1);
  if (last === undefined)
    return (
      <Text c="dimmed" fz="sm">
        no wave yet
      </Text>
    );
  const { line, area, ceilingY } = sparkline(tokens, ceiling, SPARK);
  return (
    <Group gap="sm" wrap="nowrap">
      <svg
        {...SPARK}
        className="wk-spark"
        role="img"
        aria-label={`The last wave carried ${wholeNumber(last)} of ${wholeNumber(ceiling)} tokens`}
      >
        <path d={area} data-fill />
        <path d={line} />
        <line x1={0} x2={SPARK.width} y1={ceilingY} y2={ceilingY} />
      </svg>
      <Text fz="sm">{shortNumber(last)}</Text>
    </Group>
  );
}

/** For a ledger that is empty: what to do first. */
function FirstSteps() {
  return (
    <Empty why="Nothing has been submitted yet.">
      <Stack gap="sm" mt="sm">
        <span>Three ways to submit a first task; a wave begins a moment later.</span>
        {firstCommands(location.origin).map(({ title, text }) => (
          <div key={title} style={{ textAlign: 'left' }}>
            <Text fz="sm" fw={600} mb={4}>
              {title}
            </Text>
            <Command text={text} />
          </div>
        ))}
        <span>
          Or run <code>npm run demo</code>: a whole mission, in a minute.
        </span>
      </Stack>
    </Empty>
  );
}
