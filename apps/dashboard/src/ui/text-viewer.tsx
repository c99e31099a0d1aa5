import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { wholeNumber } from './format.js';
import { Icon } from './icons.js';
import { CopyIcon } from './parts.js';

/** What is drawn of a long text at first. */
const SHOWN_CHARACTERS_MAX = 12_000;
const HEIGHT_PX = 460;

/** A text from the ledger, as text; long ones are cut on the screen, never in a copy or download. */
export function TextViewer({ text, name }: { readonly text: string; readonly name: string }) {
  const [isWhole, setWhole] = useState(false);
  const isCut = !isWhole && text.length > SHOWN_CHARACTERS_MAX;
  return (
    <div>
      <Group justify="space-between" mb={6}>
        <Text fz="xs" c="dimmed">
          {wholeNumber(text.length)} characters
          {isCut ? `, the first ${wholeNumber(SHOWN_CHARACTERS_MAX)} shown` : ''}
        </Text>
        <Group gap="xs">
          {isCut && (
            <Button variant="default" size="compact-xs" onClick={() => setWhole(true)}>
              Show all
            </Button>
          )}
          <CopyIcon text={text} label="Copy the whole text" />
          <Button
            variant="default"
            size="compact-xs"
            leftSection={<Icon name="download" size={12} />}
            onClick={() => download(text, name)}
          >
            Download
          </Button>
        </Group>
      </Group>
      <pre className="wk-pre" style={{ maxHeight: HEIGHT_PX }} tabIndex={0} role="region" aria-label={name}>
        {isCut ? text.slice(0, SHOWN_CHARACTERS_MAX) : text}
      </pre>
    </div>
  );
}

function download(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
