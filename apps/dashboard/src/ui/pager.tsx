import { Button, Group } from '@mantine/core';

/** Pages of a list that is read along a cursor: on, and back to the beginning. Back one step is the browser's own. */
export function Pager(props: {
  readonly isFirst: boolean;
  readonly next: string | null;
  readonly onFirst: () => void;
  readonly onNext: (cursor: string) => void;
}) {
  const { isFirst, next, onFirst, onNext } = props;
  if (isFirst && next === null) return null;
  return (
    <Group justify="flex-end" mt="sm">
      <Button variant="default" size="xs" disabled={isFirst} onClick={onFirst}>
        Newest
      </Button>
      <Button
        variant="default"
        size="xs"
        disabled={next === null}
        onClick={() => next !== null && onNext(next)}
      >
        Older
      </Button>
    </Group>
  );
}
