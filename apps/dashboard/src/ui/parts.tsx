import {
  ActionIcon,
  Alert,
  Center,
  CopyButton,
  Group,
  Loader,
  Spoiler,
  Stack,
  Text,
  Title,
  Tooltip,
} from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import { problemText } from '../api/problem.js';
import { CopyCurl } from './copy-curl.js';
import type { ApiRead } from './curl.js';
import { relativeTime, shortId, words } from './format.js';
import { Icon } from './icons.js';
import { isWaiting, toneOf } from './state-tone.js';

export function Panel(props: {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className="wk-panel" aria-label={props.title}>
      {props.title !== undefined && (
        <Group justify="space-between" mb="sm" gap="sm">
          <Title order={2}>{props.title}</Title>
          {props.aside}
        </Group>
      )}
      {props.children}
    </section>
  );
}

/** The head of a screen: what it is, in one line what about it, what it reads of the API, and what can be done. */
export function PageHead(props: {
  readonly title: ReactNode;
  readonly api: ApiRead;
  readonly detail?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <Group justify="space-between" align="flex-start" gap="md" wrap="wrap">
      <Stack gap={4} miw={0} flex="1 1 30rem">
        <Group gap="xs" wrap="nowrap">
          <Title order={1} className="wk-words">
            {props.title}
          </Title>
          <CopyCurl api={props.api} />
        </Group>
        {props.detail !== undefined && (
          <Group gap="sm" c="dimmed" fz="sm">
            {props.detail}
          </Group>
        )}
      </Stack>
      {props.actions !== undefined && <Group gap="xs">{props.actions}</Group>}
    </Group>
  );
}

export function Stat(props: {
  readonly label: string;
  readonly value: ReactNode;
  readonly detail?: ReactNode;
  readonly tone?: string;
}) {
  return (
    <div className="wk-panel">
      <Text fz="sm" c="dimmed">
        {props.label}
      </Text>
      <div className="wk-stat-value">
        <span className={props.tone === undefined ? '' : 'wk-tone'} data-tone={props.tone}>
          {props.value}
        </span>
      </div>
      <Text fz="sm" c="dimmed">
        {props.detail}
      </Text>
    </div>
  );
}

export function StateMark({ state }: { readonly state: string }) {
  return (
    <span className="wk-state" data-tone={toneOf(state)} data-ring={isWaiting(state)}>
      {words(state)}
    </span>
  );
}

/** An id that can be copied whole. */
export function IdText({ id }: { readonly id: string }) {
  return (
    <Group gap={2} wrap="nowrap" display="inline-flex">
      <span className="wk-mono wk-clip" title={id}>
        {shortId(id)}
      </span>
      <CopyIcon text={id} label={`Copy ${id}`} />
    </Group>
  );
}

export function CopyIcon({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : label}>
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={label}>
            <Icon name={copied ? 'check' : 'copy'} size={14} />
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

const TICK_MS = 15_000;

/** A time from here; the exact one is a hover away. */
export function When({ at }: { readonly at: string | null }) {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), TICK_MS, { autoInvoke: true });
  if (at === null) return <span>–</span>;
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {relativeTime(at, now)}
    </time>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <Center p="xl" role="status" aria-label={`Reading ${what}`}>
      <Loader size="sm" />
    </Center>
  );
}

export function ProblemAlert({ error }: { readonly error: unknown }) {
  return (
    <Alert color="red" role="alert" variant="outline" title="That did not work">
      {problemText(error)}
    </Alert>
  );
}

/** Why there is nothing to see, and what to do about it. */
export function Empty({ why, children }: { readonly why: string; readonly children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" p="xl" ta="center">
      <Text fw={600}>{why}</Text>
      <Text c="dimmed" fz="sm" component="div" maw={560}>
        {children}
      </Text>
    </Stack>
  );
}

const LONG_TEXT_PIXELS = 96;

/** What somebody wrote, word for word: a few lines of it, and the rest on demand. */
export function LongText({ children }: { readonly children: string }) {
  return (
    <Spoiler maxHeight={LONG_TEXT_PIXELS} showLabel="Show all of it" hideLabel="Show less" fz="sm" miw={0}>
      <span className="wk-words">{children}</span>
    </Spoiler>
  );
}

/** A command, ready to be copied. */
export function Command({ text }: { readonly text: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <pre className="wk-pre" tabIndex={0} style={{ flex: 1, textAlign: 'left' }}>
        {text}
      </pre>
      <CopyIcon text={text} label="Copy the command" />
    </Group>
  );
}
