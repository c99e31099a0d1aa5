import { Button, Group, Tabs, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { readWaveContextOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { readWaveContext } from '../../api/generated/sdk.gen.js';
import type { ContextManifest, Wave } from '../../api/generated/types.gen.js';
import { shortNumber, wholeNumber } from '../../ui/format.js';
import { ApiError } from '../../api/problem.js';
import { Empty, Loading, Panel, ProblemAlert } from '../../ui/parts.js';
import { DiffTab } from './diff-tab.js';
import { RequestTab } from './request-tab.js';
import { SectionsTab } from './sections-tab.js';
import { compositionOf, rebuildText } from './wave-model.js';
import { WAVE_TABS, type WaveSearch } from './wave-search.js';

const route = getRouteApi('/shell/waves/$waveId');
/** A bar's label is shown where it has room. */
const LABEL_PERCENT_MIN = 4;
const NOTHING_ASKED = 404;

/** What the conductor was shown: how much of what, the exact text, and how that differs from the wave before. */
export function SeenPanel({ wave }: { readonly wave: Wave }) {
  const context = useQuery(readWaveContextOptions({ path: { id: wave.id } }));
  if (context.data !== undefined) return <Seen wave={wave} context={context.data} />;
  const askedNothing = context.error instanceof ApiError && context.error.status === NOTHING_ASKED;
  return (
    <Panel title="What it saw">
      {askedNothing && (
        <Empty
          why={
            wave.state === 'running' ? 'It has not asked anything yet.' : 'It ended before it asked anything.'
          }
        >
          What a wave sees is kept with its first request.
        </Empty>
      )}
      {context.isError && !askedNothing && <ProblemAlert error={context.error} />}
      {context.isPending && <Loading what="what it saw" />}
    </Panel>
  );
}

function Seen({ wave, context }: { readonly wave: Wave; readonly context: ContextManifest }) {
  const { tab = 'sections' } = route.useSearch();
  const navigate = route.useNavigate();
  const show = (next: string | null) =>
    void navigate({ search: (search) => ({ ...search, tab: next as WaveSearch['tab'] }), replace: true });
  return (
    <Panel title="What it saw" aside={<Rebuild wave={wave} />}>
      <Bar context={context} />
      <Tabs value={tab} onChange={show} mt="md" keepMounted={false}>
        <Tabs.List mb="sm">
          {WAVE_TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {TITLES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="sections">
          <SectionsTab context={context} />
        </Tabs.Panel>
        <Tabs.Panel value="request">
          <RequestTab wave={wave} context={context} />
        </Tabs.Panel>
        <Tabs.Panel value="diff">
          <DiffTab wave={wave} context={context} />
        </Tabs.Panel>
      </Tabs>
    </Panel>
  );
}

const TITLES = { sections: 'Sections', request: 'Exact requests', diff: 'Since the wave before' } as const;

function Bar({ context }: { readonly context: ContextManifest }) {
  const { parts, freeTokens } = compositionOf(context);
  const summary = `${wholeNumber(context.total_tokens)} of ${wholeNumber(context.budget_tokens)} tokens as the builder counts, ${wholeNumber(context.counted_tokens)} as the provider counts; packed for ${wholeNumber(context.target_tokens)}, ${wholeNumber(freeTokens)} free to work in.`;
  return (
    <>
      <Text fz="sm" c="dimmed" mb="xs">
        {summary}
      </Text>
      <div className="wk-bar" role="img" aria-label={`${summary} The table below has the sections.`}>
        {parts.map(({ name, title, tokens, percent }) => (
          <span
            key={name}
            className={`wk-${name}`}
            style={{ width: `${percent}%` }}
            title={`${title}: ${wholeNumber(tokens)}`}
          >
            {percent < LABEL_PERCENT_MIN ? '' : shortNumber(tokens)}
          </span>
        ))}
      </div>
    </>
  );
}

/** Runs the builder again on what was stored, without a model, and compares the bytes. */
function Rebuild({ wave }: { readonly wave: Wave }) {
  const rebuild = useMutation({
    mutationFn: async () => {
      const { data } = await readWaveContext({
        path: { id: wave.id },
        query: { rebuild: 'true' },
        throwOnError: true,
      });
      return data.rebuild;
    },
  });
  return (
    <Group gap="sm">
      {rebuild.data && (
        <Text fz="sm" role="status" className="wk-tone" data-tone={rebuild.data.equal ? 'good' : 'bad'}>
          {rebuildText(rebuild.data)}
        </Text>
      )}
      <Button variant="default" size="xs" loading={rebuild.isPending} onClick={() => rebuild.mutate()}>
        Rebuild now
      </Button>
    </Group>
  );
}
