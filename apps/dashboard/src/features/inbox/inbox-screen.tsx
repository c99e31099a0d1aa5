import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useRef } from 'react';
import { listInputRequestsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { InputRequest } from '../../api/generated/types.gen.js';
import { Empty, IdText, Loading, PageHead, Panel, ProblemAlert, StateMark, When } from '../../ui/parts.js';
import { useTitle } from '../../ui/use-title.js';
import { INBOX_STATES } from './inbox-search.js';
import { QuestionCard } from './question-card.js';
import { nextPlace } from './question-model.js';

const route = getRouteApi('/shell/inbox');
const SHOWN_MAX = 100;

export function InboxScreen() {
  const { state = 'open' } = route.useSearch();
  const navigate = route.useNavigate();
  useTitle('Inbox');
  const query = { state, limit: SHOWN_MAX };
  const questions = useQuery(listInputRequestsOptions({ query }));
  return (
    <Stack gap="md" maw={820}>
      <PageHead
        title="Inbox"
        api={{ path: '/v1/input-requests', query }}
        detail="What only a person can decide. Nothing waits but what depends on the answer."
        actions={
          <SegmentedControl
            data={INBOX_STATES.map((value) => ({ value, label: value }))}
            value={state}
            onChange={(next) => void navigate({ search: { state: next } })}
            aria-label="Which questions"
          />
        }
      />
      {questions.isError && <ProblemAlert error={questions.error} />}
      {questions.data === undefined && !questions.isError && <Loading what="the questions" />}
      {questions.data?.data.length === 0 && (
        <Panel>
          <Empty why={state === 'open' ? 'Nobody waits for you.' : `No question was ${state}.`}>
            A conductor asks when only a person can decide; then it appears here, and the tab says how many
            wait.
          </Empty>
        </Panel>
      )}
      {state === 'open' ? (
        <Cards questions={questions.data?.data ?? []} />
      ) : (
        questions.data?.data.map((question) => <Ended key={question.id} question={question} />)
      )}
    </Stack>
  );
}

/** j and k go from card to card, Ctrl-Enter sends the one that is open under the fingers. */
function Cards({ questions }: { readonly questions: readonly InputRequest[] }) {
  const list = useRef<HTMLDivElement>(null);
  const move = (by: 1 | -1) => () => {
    const cards = [...(list.current?.querySelectorAll<HTMLElement>('[data-card]') ?? [])];
    const place = cards.findIndex((card) => card.contains(document.activeElement));
    cards[place < 0 ? 0 : nextPlace(place, by, cards.length)]?.focus();
  };
  useHotkeys([
    ['j', move(1)],
    ['k', move(-1)],
  ]);
  return (
    <Stack gap="md" ref={list}>
      {questions.map((question) => (
        <div key={question.id} className="wk-panel" data-card tabIndex={-1}>
          <QuestionCard question={question} />
        </div>
      ))}
      {questions.length > 0 && (
        <Group gap={6} c="dimmed" fz="sm">
          <kbd className="wk-key">j</kbd> <kbd className="wk-key">k</kbd> next and previous question,
          <kbd className="wk-key">Ctrl</kbd> <kbd className="wk-key">Enter</kbd> answer
        </Group>
      )}
    </Stack>
  );
}

function Ended({ question }: { readonly question: InputRequest }) {
  return (
    <div className="wk-panel">
      <Group justify="space-between" mb="xs">
        <Group gap="sm" fz="sm" c="dimmed">
          {question.ref}
          <StateMark state={question.state} />
          <IdText id={question.id} />
        </Group>
        <Text fz="sm" c="dimmed" component="div">
          asked <When at={question.created_at} />
        </Text>
      </Group>
      <Text className="wk-words">{question.prompt}</Text>
      {question.answer !== null && (
        <Text className="wk-words" mt="xs">
          <b>{question.answer.value}</b> {question.answer.comment}
        </Text>
      )}
    </div>
  );
}
