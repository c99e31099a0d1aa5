import { INPUT_PROMPT_CHARACTERS_MAX, type Hold, type InputOption } from '#contracts';

export const RESUME = 'resume';
export const RAISE_LIMIT = 'raise';
export const CANCEL_MISSION = 'cancel';

/** What lifts a hold, beside an answer. */
const REMEDIES: Record<Hold, string> = {
  budget: 'Raise the limit, or go on when the day’s limit begins anew.',
  stalled: 'Say what is to be done differently, in a comment or a message, and resume.',
  overcommitted:
    'Retire directives, answer open questions, or raise context_budget_tokens: any of these lifts it.',
  provider: 'Mend what keeps the provider from answering, or wait until it does, and resume.',
};

/** The question that a hold puts to a person: what happened, what can be done, the ways to go on. Limits are as they would be raised. */
export function holdQuestion(
  hold: Hold,
  reason: string,
  mission: {
    readonly limitUsd: string | null;
    readonly dailyUsd: string | null;
    readonly isDefault: boolean;
  },
): { prompt: string; options: InputOption[] } {
  const limits = [
    ...(mission.limitUsd === null ? [] : [`the limit to $${mission.limitUsd}`]),
    ...(mission.dailyUsd === null ? [] : [`the daily limit to $${mission.dailyUsd}`]),
  ];
  const raise = { value: RAISE_LIMIT, label: `Raise ${limits.join(' and ')} and go on` };
  const prompt = `The mission is held: ${reason}`.slice(
    0,
    INPUT_PROMPT_CHARACTERS_MAX - REMEDIES[hold].length - 1,
  );
  return {
    prompt: `${prompt.toWellFormed()}\n${REMEDIES[hold]}`,
    options: [
      ...(hold === 'budget' && limits.length > 0 ? [raise] : []),
      { value: RESUME, label: 'Go on' },
      ...(mission.isDefault ? [] : [{ value: CANCEL_MISSION, label: 'Cancel the mission' }]),
    ],
  };
}
