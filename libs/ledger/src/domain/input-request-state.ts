import {
  APPROVE,
  REJECT,
  type InputOption,
  type InputRequestKind,
  type InputRequestState,
  type TimeoutAction,
  type TimeoutOutcome,
} from '#contracts';
import type { TransitionTable } from './machine.js';

export type InputRequestAction = 'answer' | 'expire';

/** The first of the two that comes to an open request is the only one. */
export const INPUT_REQUEST_TRANSITIONS: TransitionTable<InputRequestState, InputRequestAction> = {
  open: { answer: 'answered', expire: 'expired' },
  answered: {},
  expired: {},
};

/** What an answer to a request may be. */
export interface AnswerRule {
  readonly kind: InputRequestKind;
  readonly options: readonly Pick<InputOption, 'value'>[];
}

export const APPROVAL_OPTIONS: InputOption[] = [
  { value: APPROVE, label: 'Approve' },
  { value: REJECT, label: 'Reject' },
];

/** The values that answer the request; null when any text does. */
export function answersTo({ kind, options }: AnswerRule): string[] | null {
  return kind === 'text' ? null : options.map((option) => option.value);
}

export function isAnswerTo(rule: AnswerRule, value: string): boolean {
  return answersTo(rule)?.includes(value) ?? value.trim() !== '';
}

/** What happens to a request that is still open at its deadline: its default answers it, or it expires. */
export type Timeout =
  | { readonly kind: 'answer'; readonly value: string }
  | { readonly kind: 'expire'; readonly then: TimeoutAction };

export function atDeadline(request: {
  readonly defaultValue: string | null;
  readonly onTimeout: TimeoutAction | null;
}): Timeout {
  return request.defaultValue === null
    ? { kind: 'expire', then: request.onTimeout ?? 'hold' }
    : { kind: 'answer', value: request.defaultValue };
}

/** True when nobody answers in time by the database's clock. */
export function isOverdue(
  request: { readonly state: InputRequestState; readonly deadlineAt: Date | null },
  now: Date,
): boolean {
  return request.state === 'open' && request.deadlineAt !== null && request.deadlineAt <= now;
}

/** The same in one word, for those who read the request; null without a deadline. */
export function timeoutOutcome(
  request: Parameters<typeof atDeadline>[0] & { readonly deadlineAt: Date | null },
): TimeoutOutcome | null {
  if (request.deadlineAt === null) return null;
  const timeout = atDeadline(request);
  return timeout.kind === 'answer' ? 'default' : timeout.then;
}

/** People are reminded of a question when so much of its time is gone. */
const REMINDED_AT = [0.5, 0.9];

/** The first reminder that is still to come after `now`; null when there is none. What was missed is not made up for. */
export function nextReminder(
  { createdAt, deadlineAt }: { readonly createdAt: Date; readonly deadlineAt: Date | null },
  now: Date,
): Date | null {
  if (deadlineAt === null) return null;
  const timeMs = deadlineAt.getTime() - createdAt.getTime();
  const moments = REMINDED_AT.map((part) => new Date(createdAt.getTime() + Math.round(part * timeMs)));
  return moments.find((moment) => moment > now) ?? null;
}

/** True when people are to be reminded now, and can still answer. */
export function isReminderDue(
  request: Parameters<typeof isOverdue>[0] & { readonly remindAt: Date | null },
  now: Date,
): boolean {
  const { state, remindAt } = request;
  return state === 'open' && remindAt !== null && remindAt <= now && !isOverdue(request, now);
}
