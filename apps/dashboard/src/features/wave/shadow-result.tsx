import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { Shadow, Wave } from '../../api/generated/types.gen.js';
import { JsonValue } from '../../ui/json-view.js';
import { caveats, comparedRows, runRows, type ComparedRow } from './shadow-model.js';

/** What the shadow decided beside what the wave did, and what each took. */
export function ShadowResult({ wave, shadow }: { readonly wave: Wave; readonly shadow: Shadow }) {
  return (
    <Stack component="section" aria-label="Comparison" gap="md">
      {caveats(shadow).map((caveat) => (
        <Text key={caveat} fz="sm" c="dimmed">
          {caveat}
        </Text>
      ))}
      <ul className="wk-timeline">
        {comparedRows(shadow.decisions).map((row, place) => (
          <Compared key={place} row={row} />
        ))}
      </ul>
      <Runs wave={wave} shadow={shadow} />
    </Stack>
  );
}

function Compared({ row }: { readonly row: ComparedRow }) {
  return (
    <li data-tone={row.tone}>
      <Text fz="sm" fw={600} className="wk-words">
        {row.title} <span className="wk-tone">{row.verdict}</span>
      </Text>
      <details>
        <summary>
          <Text span fz="xs" c="dimmed">
            what was said
          </Text>
        </summary>
        <SimpleGrid cols={{ base: 1, sm: 2 }} mt="xs">
          <Said by="The wave" what={row.original} />
          <Said by="The shadow" what={row.shadow} />
        </SimpleGrid>
      </details>
    </li>
  );
}

function Said({ by, what }: { readonly by: string; readonly what: unknown }) {
  return (
    <div>
      <Text fz="xs" c="dimmed">
        {by}
      </Text>
      {what === null ? (
        <Text fz="sm">nothing of the kind</Text>
      ) : (
        <JsonValue value={what} name={`${by}.json`} />
      )}
    </div>
  );
}

function Runs({ wave, shadow }: { readonly wave: Wave; readonly shadow: Shadow }) {
  return (
    <div className="wk-scroll" tabIndex={0} role="region" aria-label="What each took">
      <table className="wk-table">
        <thead>
          <tr>
            <td />
            <th scope="col" className="wk-number">
              The wave
            </th>
            <th scope="col" className="wk-number">
              The shadow
            </th>
          </tr>
        </thead>
        <tbody>
          {runRows(wave, shadow).map(([name, ofWave, ofShadow]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="wk-number">{ofWave}</td>
              <td className="wk-number">{ofShadow}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
