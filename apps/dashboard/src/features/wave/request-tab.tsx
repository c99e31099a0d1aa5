import { Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ContextManifest, Wave } from '../../api/generated/types.gen.js';
import { TextViewer } from '../../ui/text-viewer.js';

/** The bodies that went to the provider, byte for byte but for the line breaks. */
export function RequestTab({ wave, context }: { readonly wave: Wave; readonly context: ContextManifest }) {
  const [place, setPlace] = useState('0');
  const choices = context.requests.map((_, index) => ({
    value: String(index),
    label: `Request ${index + 1}`,
  }));
  const request = context.requests[Number(place)];
  if (!context.requests_kept)
    return (
      <Text fz="sm" c="dimmed">
        The exact bytes of this wave’s requests are not kept any more (WAVEKEEPER_CONTEXT_DAYS). What each
        block was stands under Sections.
      </Text>
    );
  return (
    <Stack gap="sm">
      <Select
        data={choices}
        value={place}
        onChange={(next) => next !== null && setPlace(next)}
        aria-label="Which request"
        allowDeselect={false}
        w={200}
      />
      {request !== undefined && (
        <TextViewer
          key={place}
          text={JSON.stringify(request, null, 2)}
          name={`wave-${wave.number}-request-${Number(place) + 1}.json`}
        />
      )}
    </Stack>
  );
}
