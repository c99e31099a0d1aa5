import { Button, Group, Radio, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answerInputRequest, createAnswerLink } from '../../api/generated/sdk.gen.js';
import type { InputRequest } from '../../api/generated/types.gen.js';
import { ApiError } from '../../api/problem.js';
import { words } from '../../ui/format.js';
import { IdText, When } from '../../ui/parts.js';
import { onSendKey } from '../../ui/send-key.js';
import { blocksText, canAnswer, deadlineText, defaultOption } from './question-model.js';

interface Draft {
  readonly value: string;
  readonly comment: string;
}

/** One question: what is asked, what waits for it, and how to answer. The first answer counts. */
export function QuestionCard({ question }: { readonly question: InputRequest }) {
  const [draft, setDraft] = useState<Draft>({ value: '', comment: '' });
  const { value, comment } = draft;
  const answer = useAnswer(question);
  const fallback = defaultOption(question);
  const canSend = canAnswer(question, value) && !answer.isPending;
  const send = () => canSend && answer.mutate({ value, comment: comment === '' ? null : comment });
  return (
    <Stack gap="sm" onKeyDown={onSendKey(send)} component="article" aria-label={question.ref}>
      <Text fz="sm" c="dimmed" className="wk-inline">
        {question.ref} · {words(question.about)} ·{' '}
        <Link to="/missions/$missionId" params={{ missionId: question.mission_id }}>
          its mission
        </Link>
        {question.task_id !== null && (
          <>
            {' · '}
            <Link to="/tasks/$taskId" params={{ taskId: question.task_id }}>
              its task
            </Link>
          </>
        )}
        {' · '}
        {blocksText(question)}
      </Text>
      <Text className="wk-words">{question.prompt}</Text>
      <AnswerFields question={question} draft={draft} onChange={setDraft} />
      <Group justify="space-between" gap="sm">
        <Text fz="xs" c="dimmed">
          {deadlineText(question, Date.now())}
        </Text>
        <Group gap="xs">
          {question.default !== null && fallback !== null && (
            <Button
              variant="default"
              disabled={answer.isPending}
              onClick={() => answer.mutate({ value: question.default ?? '', comment: null })}
            >
              You decide: {fallback}
            </Button>
          )}
          <Button
            onClick={send}
            disabled={!canSend}
            loading={answer.isPending}
            rightSection={<span aria-hidden="true">⌃⏎</span>}
          >
            Answer
          </Button>
        </Group>
      </Group>
      <Group justify="space-between" gap="sm" fz="xs" c="dimmed">
        <IdText id={question.id} />
        <LinkToAnswer question={question} />
      </Group>
    </Stack>
  );
}

/** For somebody without a key. A link is shown only where the browser lets no page copy it. */
function LinkToAnswer({ question: { id } }: { readonly question: InputRequest }) {
  const link = useMutation({
    mutationFn: async () => {
      const { data } = await createAnswerLink({ path: { id }, throwOnError: true });
      const url = `${location.origin}${data.path}`;
      return { url, isCopied: await isCopied(url), endsAt: data.expires_at };
    },
  });
  return (
    <Group gap="xs" fz="xs">
      <span role="status">
        {link.isSuccess && (
          <>
            {link.data.isCopied ? 'Copied.' : <code>{link.data.url}</code>} Whoever has it can answer, once;
            it ends <When at={link.data.endsAt} />.
          </>
        )}
      </span>
      <Button variant="default" size="compact-xs" loading={link.isPending} onClick={() => link.mutate()}>
        Copy a link to answer it
      </Button>
    </Group>
  );
}

/** Only pages that came over TLS, or from this computer, may copy. */
async function isCopied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function AnswerFields(props: {
  readonly question: InputRequest;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}) {
  const { question, draft, onChange } = props;
  return question.kind === 'text' ? (
    <Textarea
      label="Your answer"
      autosize
      minRows={2}
      value={draft.value}
      onChange={(event) => onChange({ ...draft, value: event.currentTarget.value })}
    />
  ) : (
    <>
      <Radio.Group
        label="Your answer"
        value={draft.value}
        onChange={(value) => onChange({ ...draft, value })}
      >
        <Stack gap="xs" mt={6}>
          {question.options.map((option) => (
            <Radio key={option.value} value={option.value} label={option.label} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label="In your own words, beside it"
        autosize
        minRows={1}
        value={draft.comment}
        onChange={(event) => onChange({ ...draft, comment: event.currentTarget.value })}
      />
    </>
  );
}

const ANSWERED = 409;

function useAnswer({ id }: InputRequest) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { value: string; comment: string | null }) =>
      answerInputRequest({ path: { id }, body, throwOnError: true }),
    onSuccess: () => notifications.show({ message: 'Answered; the next wave reads it first.' }),
    onError: (error) => {
      if (error instanceof ApiError && error.status === ANSWERED)
        notifications.show({
          color: 'orange',
          message: 'Somebody, or its deadline, was faster: that answer counts.',
        });
    },
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey: [asked] }) => isList(asked) }),
    meta: { isConflictSaid: true },
  });
}

function isList(asked: unknown): boolean {
  return (asked as { _id?: string } | undefined)?._id === 'listInputRequests'; // as the generated client writes keys
}
