import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { listInputRequestsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import type { Mission } from '../../api/generated/types.gen.js';
import { Panel } from '../../ui/parts.js';
import { QuestionCard } from '../inbox/question-card.js';

const SHOWN_MAX = 5;

/** What this mission asks of a person; nothing when it asks nothing. */
export function MissionQuestions({ mission }: { readonly mission: Mission }) {
  const open = useQuery(
    listInputRequestsOptions({ query: { mission_id: mission.id, state: 'open', limit: SHOWN_MAX } }),
  );
  const questions = open.data?.data ?? [];
  if (questions.length === 0) return null;
  return (
    <Panel title="Waiting for you">
      <Stack gap="lg">
        {questions.map((question) => (
          <QuestionCard key={question.id} question={question} />
        ))}
      </Stack>
    </Panel>
  );
}
