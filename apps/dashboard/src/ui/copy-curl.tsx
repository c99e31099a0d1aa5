import { Button, CopyButton } from '@mantine/core';
import { curlOf, type ApiRead } from './curl.js';
import { Icon } from './icons.js';

/** Copies what the page reads of the API as a command. */
export function CopyCurl({ api }: { readonly api: ApiRead }) {
  return (
    <CopyButton value={curlOf(api, location.origin)}>
      {({ copied, copy }) => (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />}
          fw={500}
          flex="none"
          onClick={copy}
          aria-label={copied ? 'Copied as curl' : 'Copy as curl'}
        >
          curl
        </Button>
      )}
    </CopyButton>
  );
}
