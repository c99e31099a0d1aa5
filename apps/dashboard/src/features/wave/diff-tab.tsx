import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { listWavesOptions, readWaveContextOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { ContextManifest, Wave } from '../../api/generated/types.gen.js';
import { count } from '../../ui/format.js';
import { Empty, Loading } from '../../ui/parts.js';
import { diffLines, folded } from './line-diff.js';
import { sectionText, type SectionName } from './wave-model.js';

const CONTEXT_LINES = 2;

/** What is other than in the wave before: which sections are the same bytes, and in the rest line by line. */
export function DiffTab({ wave, context }: { readonly wave: Wave; readonly context: ContextManifest }) {
  const before = useContextBefore(wave);
  if (before === null)
    return (
      <Empty why="There is no earlier wave that asked anything.">
        The next one can be compared with this.
      </Empty>
    );
  if (before === undefined) return <Loading what="the wave before" />;
  return <Differences before={before} context={context} />;
}

/** Null when there is none, undefined while it is read. */
function useContextBefore({ mission_id: missionId, number }: Wave): ContextManifest | null | undefined {
  const found = useQuery({
    ...listWavesOptions({ path: { id: missionId }, query: { number: number - 1, limit: 1 } }),
    enabled: number > 1,
  });
  const id = found.data?.data[0]?.id;
  const context = useQuery({
    ...readWaveContextOptions({ path: { id: id ?? '' } }),
    enabled: id !== undefined,
  });
  if (number <= 1 || context.isError || (found.isSuccess && id === undefined)) return null;
  return context.data;
}

function Differences({
  before,
  context,
}: {
  readonly before: ContextManifest;
  readonly context: ContextManifest;
}) {
  const sections = useMemo(
    () =>
      context.sections.map(({ name, title }) => {
        const [old, now] = [sectionText(before, name), sectionText(context, name)];
        return { name, title, isSame: old === now };
      }),
    [before, context],
  );
  const changed = sections.filter(({ isSame }) => !isSame);
  const [chosen, choose] = useState<SectionName | null>(changed.at(-2)?.name ?? changed[0]?.name ?? null);
  return (
    <Stack gap="sm">
      <Text fz="sm" c="dimmed">
        {count(sections.length - changed.length, 'section')} the same, byte for byte:{' '}
        {sections
          .filter(({ isSame }) => isSame)
          .map(({ name }) => name)
          .join(', ') || 'none'}
        . What comes first and does not change is read from the provider’s cache.
      </Text>
      <Select
        data={changed.map(({ name, title }) => ({ value: name, label: `${name} ${title}` }))}
        value={chosen}
        onChange={(name) => choose(name)}
        aria-label="Which section"
        allowDeselect={false}
        w={260}
      />
      {chosen !== null && <Lines before={sectionText(before, chosen)} now={sectionText(context, chosen)} />}
    </Stack>
  );
}

const SIGNS = { same: '  ', gone: '− ', new: '+ ' } as const;

function Lines({ before, now }: { readonly before: string; readonly now: string }) {
  const lines = useMemo(() => folded(diffLines(before, now), CONTEXT_LINES), [before, now]);
  return (
    <pre className="wk-pre" style={{ maxHeight: 460 }} tabIndex={0} role="region" aria-label="What changed">
      {lines.map((line, place) =>
        line.kind === 'fold' ? (
          <div key={place} className="wk-diff-same">
            … {count(line.count, 'line')} the same …
          </div>
        ) : (
          <div key={place} className={`wk-diff-${line.kind}`}>
            {SIGNS[line.kind]}
            {line.text}
          </div>
        ),
      )}
    </pre>
  );
}
