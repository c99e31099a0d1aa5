import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Decision } from '../../api/generated/types.gen.js';
import { JsonValue } from '../../ui/json-view.js';
import { Empty } from '../../ui/parts.js';
import { toneOf } from '../../ui/state-tone.js';
import { addressOfChange, decisionTitle } from './wave-model.js';

export function Decisions(props: { readonly decisions: readonly Decision[]; readonly isRunning: boolean }) {
  if (props.decisions.length === 0)
    return (
      <Empty why={props.isRunning ? 'Nothing is decided until it commits.' : 'It decided nothing.'}>
        What a wave stages is judged once more when it commits, on the rows as they are then.
      </Empty>
    );
  return (
    <ol className="wk-timeline">
      {props.decisions.map((decision, place) => (
        <li key={place} data-tone={toneOf(decision.outcome)}>
          <Text fz="sm" fw={600}>
            {decisionTitle(decision)}
          </Text>
          {decision.outcome === 'rejected' && (
            <Text fz="sm" c="var(--mantine-color-error)" className="wk-words">
              rejected: {decision.reason}
            </Text>
          )}
          <Changed decision={decision} />
          <details>
            <summary>
              <Text span fz="xs" c="dimmed">
                what it said
              </Text>
            </summary>
            <JsonValue value={decision.input} name={`${decision.tool}.json`} />
          </details>
        </li>
      ))}
    </ol>
  );
}

function Changed({ decision }: { readonly decision: Decision }) {
  const linked = decision.changed.flatMap((change) => {
    const to = addressOfChange(change);
    return to === null ? [] : [{ ref: change.ref, to }];
  });
  if (linked.length === 0) return null;
  return (
    <Text fz="sm" component="div">
      changed{' '}
      {linked.map(({ ref, to }) => (
        <Link key={to} to={to} style={{ marginRight: 8 }}>
          {ref}
        </Link>
      ))}
    </Text>
  );
}
