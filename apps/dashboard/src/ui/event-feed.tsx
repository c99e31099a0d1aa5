import { Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Event as LedgerEvent } from '../api/generated/types.gen.js';
import { actorText, eventLine } from './event-text.js';
import { Empty, Panel, When } from './parts.js';

/** What happens, as it happens, newest first. */
export function EventFeed({ events }: { readonly events: readonly LedgerEvent[] }) {
  return (
    <Panel title="What happens">
      {events.length === 0 ? (
        <Empty why="Nothing has happened yet.">Events come here by themselves.</Empty>
      ) : (
        <ol className="wk-timeline" aria-label="Events, newest first">
          {events.toReversed().map((event) => (
            <EventItem key={event.id} event={event} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

export function EventItem({ event }: { readonly event: LedgerEvent }) {
  const { what, detail, tone, to } = eventLine(event);
  return (
    <li data-tone={tone}>
      <Group justify="space-between" wrap="nowrap" gap="sm" align="flex-start">
        <Text fz="sm" className="wk-words" component="div">
          {to === null ? <b>{what}</b> : <Link to={to}>{what}</Link>} {detail}
        </Text>
        <Text fz="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }} component="div">
          {actorText(event.actor)} · <When at={event.created_at} />
        </Text>
      </Group>
    </li>
  );
}
