import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, refOf, type TestMission } from '../../../test/support/mission.js';
import { toAsk, toCancel, toCreate, toDispatch, toHandOff, toAccept } from '../../../test/support/writes.js';
import {
  answerInputRequest,
  cancelTask,
  controlMission,
  holdMission,
  inMission,
  timeOutRequest,
  updateMission,
} from './index.js';
import { atDeadline } from './domain/input-request-state.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

const asked = async (
  fields: Parameters<typeof toAsk>[1] = {},
  ...tasks: readonly string[]
): Promise<TestMission> => {
  const mission = await aMission(database);
  await mission.submit(...(tasks.length === 0 ? ['A', 'B'] : tasks));
  await mission.wave(toAsk('Which colour?', { refs: ['T1'], ...fields }), toHandOff());
  return mission;
};

describe('a question of a conductor', () => {
  it('lets only the tasks wait that it names; the answer frees them and is read with what was asked', async () => {
    const mission = await asked();
    expect(await mission.task('T1')).toMatchObject({
      state: 'input_required',
      state_reason: 'awaiting_answer',
    });
    expect(await mission.task('T2')).toMatchObject({ state: 'queued' });
    await mission.wave(toDispatch('T2'), toHandOff());
    await mission.answer('Q1', 'Blue', { comment: 'As the sea.' });
    expect(await mission.task('T1')).toMatchObject({ state: 'queued', state_reason: null });
    const { snapshot } = await mission.mustOpenWave();
    expect(snapshot.wave.trigger).toBe('answer');
    expect(snapshot.inbox).toEqual([
      {
        ref: 'I2',
        kind: 'answer',
        inputRef: 'Q1',
        about: 'question',
        prompt: 'Which colour?',
        taskRefs: ['T1'],
        taskTotal: 1,
        value: 'Blue',
        comment: 'As the sea.',
        source: 'person',
      },
    ]);
    expect(await mission.events('input_request')).toEqual([
      'input_request.created',
      'input_request.answered',
    ]);
  });

  it('takes the first answer of all that come at once, and tells the others', async () => {
    const mission = await asked();
    const answers = await Promise.allSettled(
      ['Red', 'Blue', 'Green'].map((value) => mission.answer('Q1', value)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'already_answered' });
    expect(await mission.unseen()).toEqual(['answer']);
  });

  it('takes no value that is none of its options', async () => {
    const mission = await asked({ kind: 'choice', options: ['red', 'blue'] });
    await expect(mission.answer('Q1', 'green')).rejects.toMatchObject({
      code: 'invalid_answer',
      pointer: '/value',
    });
    await mission.answer('Q1', 'red');
  });

  it('is answered by a program too, but then nobody takes it for a person’s word', async () => {
    const mission = await asked();
    await mission.answer('Q1', 'Blue', { trusted: false });
    const { snapshot } = await mission.mustOpenWave();
    expect(snapshot.inbox).toMatchObject([{ kind: 'answer', source: 'program' }]);
    expect(
      await mission.query('SELECT lane FROM inbox_item WHERE tenant_id = $1 AND mission_id = $2 AND seq = 2'),
    ).toEqual([{ lane: 'work' }]);
  });

  it('calls an attempt back, and keeps a result that waits for its review', async () => {
    const mission = await aMission(database);
    const [, second] = await mission.submit('A', 'B');
    await mission.wave(toDispatch('T1', 'T2'));
    const [first, other] = await mission.claim({ max: 2 });
    if (first === undefined || other === undefined) throw new Error('two attempts were offered');
    await mission.complete(other);
    const wave = await mission.mustOpenWave();
    await mission.commit(wave, toAsk('Is it good?', { refs: ['T1', refOf(second)] }), toHandOff());
    expect(await mission.complete(first)).toMatchObject({ code: 'attempt_canceled' });
    await mission.answer('Q1', 'It is.');
    expect(await mission.task('T1')).toMatchObject({ state: 'queued', live_attempt_id: null });
    expect(await mission.task('T2')).toMatchObject({ state: 'working', state_reason: 'awaiting_review' });
    await mission.wave(toAccept('T2'));
    expect(await mission.task('T2')).toMatchObject({ state: 'completed' });
  });

  it('loses its sense with the last task that waited, and with its mission', async () => {
    const mission = await asked({}, 'A', 'B', 'C');
    const { id } = await mission.task('T1');
    await mission.run((tx) => cancelTask(tx, String(id), A_KEY));
    expect(await mission.request('Q1')).toMatchObject({ state: 'expired' });
    await mission.wave(toAsk('And now?', { refs: ['T2'] }), toCancel('T3'));
    expect(await mission.task('T3')).toMatchObject({ state: 'canceled', feedback: 'Nobody needs it.' });
    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    expect(await mission.request('Q2')).toMatchObject({ state: 'expired' });
    await expect(mission.answer('Q2', 'Late.')).rejects.toMatchObject({ code: 'input_request_expired' });
  });

  it('keeps its mission from completing until it is answered', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.finish('T1');
    await mission.say('Is it done?');
    await mission.wave(toAsk('Shall I go on?'), toHandOff({ done: true }));
    expect(await mission.row()).toMatchObject({ state: 'active', requests_open: 1, wave_due_at: null });
    await mission.answer('Q1', 'No.');
    await mission.wave(toHandOff({ done: true }));
    expect(await mission.row()).toMatchObject({ state: 'completed' });
  });

  it('is refused by decide beyond its bound, and the wave commits', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(...Array.from({ length: 21 }, (_, place) => toAsk(`Question ${place}?`)));
    expect(await mission.row()).toMatchObject({ requests_open: 20 });
    const { snapshot } = await mission.mustOpenWave();
    expect(snapshot.inbox).toMatchObject([{ kind: 'decision_rejected', tool: 'ask_human' }]);
    expect(snapshot.requests).toHaveLength(20);
  });
});

describe('a deadline', () => {
  it('takes the default, once, however many sweeps find it, and says so', async () => {
    const mission = await asked({ deadline_minutes: 5, default: 'Red' });
    await mission.passDeadline('Q1', 4);
    expect(await mission.request('Q1')).toMatchObject({ state: 'answered', answer_value: 'Red' });
    expect(await mission.task('T1')).toMatchObject({ state: 'queued' });
    const { snapshot } = await mission.mustOpenWave();
    expect(snapshot.inbox).toMatchObject([{ kind: 'answer', value: 'Red', source: 'default' }]);
  });

  it('without a default holds the mission, which asks, or fails what waited', async () => {
    const held = await asked({ deadline_minutes: 5 });
    await held.passDeadline('Q1', 2);
    expect(await held.row()).toMatchObject({ holds: ['stalled'] });
    expect(await held.task('T1')).toMatchObject({ state: 'queued' });
    expect(await held.request('Q2')).toMatchObject({ about: 'hold', hold: 'stalled', state: 'open' });
    const failed = await asked({ deadline_minutes: 5, on_timeout: 'fail' });
    await failed.passDeadline('Q1');
    expect(await failed.task('T1')).toMatchObject({ state: 'failed', state_reason: 'input_expired' });
    expect(await failed.unseen()).toEqual(['input_expired']);
  });

  it.each([
    ['its default', { default: 'Red' }],
    ['a hold', {}],
    ['failing what waits', { on_timeout: 'fail' as const }],
  ])('ended by %s is no news to plan by; whoever answers brings some', async (_how, fields) => {
    const mission = await aMission(database);
    await mission.submit('A');
    const question = toAsk('Which colour?', { refs: ['T1'], deadline_minutes: 5, ...fields });
    await mission.wave(toCreate('more'), question, toAsk('And then?'));
    const plannedDepth = async () => (await mission.row()).planned_depth;
    expect(await plannedDepth()).toBe(1);
    await mission.passDeadline('Q1');
    expect(await plannedDepth()).toBe(1);
    await mission.answer('Q2', 'That one.', { trusted: false });
    expect(await plannedDepth()).toBe(0);
  });

  it('that has not come yet changes nothing', async () => {
    const mission = await asked({ deadline_minutes: 5, default: 'Red' });
    const { id } = await mission.request('Q1');
    await mission.run((tx) => timeOutRequest(tx, mission.id, String(id)));
    expect(await mission.request('Q1')).toMatchObject({ state: 'open' });
  });
});

describe('a hold', () => {
  const heldBy = async (hold: 'budget' | 'stalled' | 'overcommitted' | 'provider'): Promise<TestMission> => {
    const mission = await aMission(database, { budget: { limit_usd: '10', daily_usd: '2.5' } });
    await mission.submit('A');
    for (let times = 0; times < 2; times += 1)
      await mission.run((tx) =>
        inMission(tx, mission.id, (ledger) => holdMission(ledger, hold, 'It went wrong.')),
      );
    return mission;
  };

  it.each(['budget', 'stalled', 'overcommitted', 'provider'] as const)(
    'by %s asks once, and the answer lifts it',
    async (hold) => {
      const mission = await heldBy(hold);
      expect(await mission.row()).toMatchObject({ holds: [hold], requests_open: 1, wave_due_at: null });
      await expect(mission.answer('Q1', 'resume', { trusted: false })).rejects.toMatchObject({
        code: 'insufficient_scope',
      });
      await mission.answer('Q1', 'resume', { comment: 'Mind the cost.' });
      expect(await mission.row()).toMatchObject({ holds: [], requests_open: 0 });
      const { snapshot } = await mission.mustOpenWave();
      expect(snapshot.inbox).toMatchObject([
        { kind: 'answer', comment: 'Mind the cost.' },
        { kind: 'submission' },
      ]);
    },
  );

  it('is lifted otherwise too, which closes its question', async () => {
    const budget = await heldBy('budget');
    await budget.run((tx) => updateMission(tx, budget.id, { budget: { limit_usd: '20' } }, A_KEY));
    const context = await heldBy('overcommitted');
    await context.run((tx) =>
      updateMission(tx, context.id, { policy: { context_budget_tokens: 40_000 } }, A_KEY),
    );
    const stalled = await heldBy('stalled');
    await stalled.run((tx) => controlMission(tx, stalled.id, 'resume', A_KEY));
    for (const mission of [budget, context, stalled]) {
      expect(await mission.request('Q1')).toMatchObject({ state: 'answered', answer_value: 'resume' });
      expect(await mission.row()).toMatchObject({ holds: [], requests_open: 0 });
      expect(await mission.openWave()).not.toBeNull();
    }
  });

  it('by budget offers to raise the limits by what it says, and any hold to cancel the mission', async () => {
    const mission = await heldBy('budget');
    expect((await mission.request('Q1')).options).toContainEqual({
      value: 'raise',
      label: 'Raise the limit to $20 and the daily limit to $5 and go on',
    });
    await mission.answer('Q1', 'raise');
    expect(await mission.row()).toMatchObject({
      limit_usd: '20.000000000',
      daily_usd: '5.000000000',
      holds: [],
    });
    const other = await heldBy('stalled');
    await other.answer('Q1', 'cancel');
    expect(await other.row()).toMatchObject({ state: 'canceled', requests_open: 0 });
  });
});

describe('any history of questions, answers and deadlines', () => {
  interface Model {
    readonly state: 'open' | 'answered' | 'expired';
    readonly value: string | null;
  }
  const aStep = fc.record({
    what: fc.constantFrom('ask', 'answer', 'answer', 'expire', 'cancel'),
    request: fc.integer({ min: 1, max: 3 }),
    value: fc.constantFrom('red', 'blue', 'none of these'),
    default: fc.constantFrom('red', null),
    onTimeout: fc.constantFrom('hold' as const, 'fail' as const),
  });
  type Step = typeof aStep extends fc.Arbitrary<infer Value> ? Value : never;

  /** What the rules say that a step leads to; null when it is refused. */
  function predict(model: Model, step: Step, question: Step | undefined): Model | null {
    if (model.state !== 'open') return null;
    if (step.what === 'answer')
      return step.value === 'none of these' ? null : { state: 'answered', value: step.value };
    if (step.what === 'cancel') return { state: 'expired', value: null };
    const timeout = atDeadline({
      defaultValue: question?.default ?? null,
      onTimeout: question?.onTimeout ?? null,
    });
    return timeout.kind === 'answer'
      ? { state: 'answered', value: timeout.value }
      : { state: 'expired', value: null };
  }

  async function take(mission: TestMission, step: Step): Promise<boolean> {
    const ref = `Q${step.request}`;
    if (step.what === 'answer')
      return mission.answer(ref, step.value).then(
        () => true,
        () => false,
      );
    if (step.what === 'expire') return mission.passDeadline(ref, 2).then(() => true);
    const { id } = await mission.task(`T${step.request}`);
    return mission
      .run((tx) => cancelTask(tx, String(id), A_KEY))
      .then(
        () => true,
        () => false,
      );
  }

  it('leaves every question with its first end, and every task where that end puts it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 4, maxLength: 9 }), async (steps) => {
        const mission = await aMission(database);
        await mission.submit('A', 'B', 'C');
        const questions = steps.filter((step) => step.what === 'ask').slice(0, 3);
        if (questions.length === 0) return;
        await mission.wave(
          ...questions.map((question, place) =>
            toAsk('Which?', {
              kind: 'choice',
              options: ['red', 'blue'],
              refs: [`T${place + 1}`],
              deadline_minutes: 5,
              on_timeout: question.onTimeout,
              ...(question.default === null ? {} : { default: question.default }),
            }),
          ),
        );
        const models: Model[] = questions.map(() => ({ state: 'open', value: null }));
        for (const step of steps.filter(({ what }) => what !== 'ask')) {
          const model = models[step.request - 1];
          // Requests of holds come after the questions and are no part of this model.
          if (model === undefined) continue;
          await take(mission, step);
          models[step.request - 1] = predict(model, step, questions[step.request - 1]) ?? model;
        }
        for (const [place, model] of models.entries())
          expect(await mission.request(`Q${place + 1}`)).toMatchObject({
            state: model.state,
            answer_value: model.value,
          });
        await expectInvariants(database);
      }),
      { numRuns: 12 },
    );
  });
});

describe('a request of another tenant', () => {
  it('is not there to be answered', async () => {
    const mission = await asked();
    const stranger = await aMission(database);
    const { id } = await mission.request('Q1');
    const answer = { value: 'Mine', comment: null, trusted: true };
    await expect(
      stranger.run((tx) => answerInputRequest(tx, String(id), answer, A_KEY)),
    ).rejects.toMatchObject({ kind: 'not_found' });
  });
});
