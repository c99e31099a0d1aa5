import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { missionInputSchema, messageInputSchema, taskInputSchema } from '#contracts';
import { aMission, aSession, secondsIn } from '../../test/builders.js';
import { FakeService } from '../../test/fake-service.js';
import { EXIT } from '../exit-codes.js';
import { packageRoot } from '../package-root.js';
import { runProgram } from '../program.js';
import { inOrder, Skipped, type PlannedTask } from './plan.js';
import { readPlan } from './read-plan.js';
import { pagesOf } from './run-import.js';

const example = (name: string) => path.join(packageRoot(), 'examples', name);
const written: string[] = [];
async function aFile(text: string): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'wavekeeper-import-'));
  written.push(dir);
  await writeFile(path.join(dir, 'file'), text);
  return path.join(dir, 'file');
}
afterEach(async () => {
  for (const dir of written.splice(0)) await rm(dir, { recursive: true });
});
const lines = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n');

describe('a Claude Code transcript', () => {
  it('becomes its first request, its standing rules, its open to-dos and its end', async () => {
    const plan = await readPlan(example('import-claude-code.jsonl'));
    expect(plan).toMatchObject({
      format: 'claude-code',
      title: 'Move the photo archive of the family to the new disk.',
      objective: expect.stringContaining('keep its date'),
      directives: ['Never delete anything on the old disk.'],
      done: ['List the folders'],
      beforeTokens: 357_444,
      skipped: {
        'line that is no turn of the conversation': 1,
        'turn that the program wrote': 1,
        'turn of a subagent': 1,
      },
    });
    expect(plan.tasks.map(({ title, depends_on: after }) => [title, after])).toEqual([
      ['Copy the folders', []], // what it waited for is finished
      ['Compare the sums', [plan.tasks[0]?.key]],
    ]);
    const [person, agent] = plan.messages;
    expect(person?.text).toMatch(/person said[^]*Never delete anything/);
    expect(agent?.text).toMatch(/- List the folders[^]*agent said[^]*1987 is copied/);
    expect(JSON.stringify(plan.messages)).not.toContain('subagent');
  });

  it('keeps what the agent said, also in the person’s name, apart from the person’s word', async () => {
    const turn = (type: string, content: string, more: object = {}) => ({
      ...{ type, sessionId: 's', message: { content } },
      ...more,
    });
    const file = await aFile(
      lines(
        turn('user', 'Sort the pictures.'),
        turn('user', 'A summary by the model.', { isCompactSummary: true }),
        turn('user', 'By year.'),
        turn('assistant', 'By year it is.'),
      ),
    );
    const { messages } = await readPlan(file);
    expect(messages).toEqual([
      { text: expect.stringMatching(/Turn 3: By year\.$/) },
      { text: expect.stringMatching(/Turn 2: A summary[^]*Turn 4: By year it is\.$/), trusted: false },
    ]);
  });

  it('takes for a rule neither a question nor what it was told first, and no more rules than a mission is given', async () => {
    const said = (text: string) => ({ type: 'user', sessionId: 's', message: { content: text } });
    const rules = Array.from({ length: 60 }, (_, place) => `Always check step ${place}.`);
    const file = await aFile(
      lines(
        said('Never mind the rest.'),
        said('Why does it never work?'),
        said(rules.join('\n')),
        said(rules[59] ?? ''),
      ),
    );
    const plan = await readPlan(file);
    expect(plan.directives).toEqual(rules.slice(10));
    expect(plan.skipped).toEqual({ 'instruction beyond the bounds': 10 });
  });

  it('takes the last state of a list that is written as a whole', async () => {
    const todo = (content: string, status: string) => ({ content, status, activeForm: content });
    const write = (...todos: object[]) => ({
      type: 'assistant',
      sessionId: 's',
      message: { content: [{ type: 'tool_use', id: 'x', name: 'TodoWrite', input: { todos } }] },
    });
    const file = await aFile(
      lines(
        write(todo('A', 'in_progress'), todo('B', 'pending')),
        write(todo('A', 'completed'), todo('B', 'pending'), todo('C', 'pending')),
      ),
    );
    const plan = await readPlan(file);
    expect(plan.tasks.map(({ title }) => title)).toEqual(['B', 'C']);
    expect(plan.done).toEqual(['A']);
    expect((await readPlan(file)).tasks).toEqual(plan.tasks);
  });

  it('reads on after what it cannot read, and bounds what it makes', async () => {
    const said = {
      type: 'user',
      sessionId: 's',
      message: { content: `Always ${'x'.repeat(300_000)}\u0000` },
    };
    const file = await aFile(
      `{"broken\n${'y'.repeat(5_000_000)}\n${lines(said, said, { type: 'new-kind' })}`,
    );
    const plan = await readPlan(file);
    expect(plan.skipped).toMatchObject({ 'line that is no JSON': 1, 'line that is too long': 1 });
    expect(() =>
      missionInputSchema.parse({ title: plan.title, objective: plan.objective, directives: plan.directives }),
    ).not.toThrow();
    expect(plan.messages).toHaveLength(1);
    for (const message of plan.messages) expect(() => messageInputSchema.parse(message)).not.toThrow();
  });
});

describe('a list of issues', () => {
  it('of Beads becomes its open work, in the order of what blocks what', async () => {
    const plan = await readPlan(example('import-beads.jsonl'));
    expect(plan).toMatchObject({ format: 'beads', importKey: 'beads:shed', done: ['Level the ground'] });
    expect(plan.tasks).toMatchObject([
      { key: 'beads:shed-a2', priority: 1, depends_on: [], acceptance_criteria: ['It is level.'] },
      {
        key: 'beads:shed-a3',
        depends_on: ['beads:shed-a2'],
        instructions: expect.stringContaining('kim: Oak, not pine.'),
      },
    ]);
    expect(plan.skipped).toEqual({ 'epic, whose children are imported': 1, 'issue of type message': 1 });
  });

  it('of GitHub that does not name its repository is refused: two of them would become one mission', async () => {
    const file = await aFile(
      JSON.stringify([{ number: 1, title: 'A', body: '', state: 'OPEN', labels: [] }]),
    );
    await expect(readPlan(file)).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  it('of GitHub becomes its open issues, and what they say that they depend on', async () => {
    const plan = await readPlan(example('import-github.json'));
    expect(plan).toMatchObject({
      format: 'github',
      importKey: 'github:example/house',
      done: ['Buy the door'],
    });
    expect(plan.tasks).toMatchObject([
      { key: 'github:5', depends_on: [] },
      { key: 'github:7', priority: 1, depends_on: ['github:5'] },
    ]);
    for (const task of plan.tasks) expect(() => taskInputSchema.parse(task)).not.toThrow();
  });

  it('of neither is a usage error that says what can be imported', async () => {
    await expect(readPlan(await aFile('{"a": 1}\n'))).rejects.toMatchObject({ exitCode: EXIT.usage });
  });
});

describe('inOrder', () => {
  it('puts whatever is depended on first, each once, and breaks every circle', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const tasks = fc
      .array(fc.array(fc.constantFrom(...names, 'elsewhere'), { maxLength: 4 }), {
        minLength: 5,
        maxLength: 5,
      })
      .map((edges) =>
        names.map((key, place): PlannedTask => ({ key, title: key, depends_on: edges[place] ?? [] })),
      );
    fc.assert(
      fc.property(tasks, (given) => {
        const ordered = inOrder(given, new Skipped());
        expect(ordered.map(({ key }) => key).sort()).toEqual(names);
        for (const [place, task] of ordered.entries())
          for (const key of task.depends_on)
            expect(ordered.slice(0, place).map((earlier) => earlier.key)).toContain(key);
      }),
    );
  });
});

describe('what a task of an import depends on', () => {
  it('is named once each, and no more of it than a task may have', () => {
    const keys = Array.from({ length: 130 }, (_, place) => String(place));
    const tasks = keys.map((key): PlannedTask => ({ key, title: key, depends_on: [] }));
    const skipped = new Skipped();
    const last: PlannedTask = { key: 'last', title: 'last', depends_on: [...keys, ...keys] };
    const ordered = inOrder([last, ...tasks], skipped);
    expect(ordered.at(-1)).toEqual({ ...last, depends_on: keys.slice(0, 100) });
    expect(skipped.counts()).toEqual({ 'dependency beyond the bounds': 30 });
  });
});

describe('pagesOf', () => {
  it('keeps to 1,000 tasks and 4 MB a request', () => {
    const task = (key: string, instructions: string): PlannedTask => ({
      key,
      title: key,
      instructions,
      depends_on: [],
    });
    const small = Array.from({ length: 2_500 }, (_, place) => task(String(place), ''));
    expect(pagesOf(small).map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    const large = Array.from({ length: 3 }, (_, place) => task(String(place), 'x'.repeat(2_000_000)));
    expect(pagesOf(large).map(({ length }) => length)).toEqual([2, 1]);
  });
});

describe('wavekeeper import', () => {
  async function run(existing: boolean, more: string[] = []) {
    const mission = aMission({ metadata: { import_key: 'beads:shed' } });
    const service = await FakeService.listen({
      'GET /v1/missions': () => ({ body: { data: existing ? [mission] : [], next_cursor: null } }),
      'POST /v1/missions': () => ({ status: 201, body: mission }),
      'POST /v1/missions/*/tasks': () => ({
        body: { data: [{ index: 0, id: 'tsk_1', ref: 'T1', existing }] },
      }),
      'GET /v1/missions/*/conductor': () => ({
        body: {
          wave: null,
          context: { tokens: 6_200, budget: 24_000, ceiling: 195_904, level: 'ok' },
          spill: 0,
          next_wave_at: secondsIn(0),
        },
      }),
    });
    const { session, written: shown } = aSession({
      WAVEKEEPER_URL: service.url,
      WAVEKEEPER_API_KEY: 'wk_test',
    });
    const exitCode = await runProgram(session, ['import', example('import-beads.jsonl'), ...more]);
    await service.close();
    return { exitCode, stdout: shown.stdout, requests: service.requests };
  }

  it('makes a mission of it and says what the first conductor read', async () => {
    const { exitCode, stdout, requests } = await run(false, ['--json']);
    expect(exitCode).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({ existing: false, tasks: { created: 1 }, after_tokens: 6_200 });
    expect(requests.find(({ method }) => method === 'POST')?.body).toMatchObject({
      title: 'Issues of shed',
      metadata: { import_key: 'beads:shed' },
    });
  });

  it('goes on with the mission that an earlier import made', async () => {
    const { stdout, requests } = await run(true);
    expect(stdout).toContain('was there already');
    expect(requests.filter(({ method, path: to }) => method === 'POST' && to === '/v1/missions')).toEqual([]);
  });

  it('says nothing again, however much was said in the mission before it', async () => {
    const file = example('import-claude-code.jsonl');
    const { importKey, messages, directives } = await readPlan(file);
    const known = directives.map((text, place) => ({
      ...{ id: `dir_${place}`, ref: `D${place}`, text, state: 'proposed', source: 'tenant' },
      created_at: secondsIn(0),
    }));
    const mission = aMission({ metadata: { import_key: importKey } });
    const said = (text: string) => ({
      ...{ id: 'msg_1', seq: 1, text, trusted: true, created_at: secondsIn(0) },
      ...{ seen_by_wave: null, decisions: [] },
    });
    const service = await FakeService.listen({
      'GET /v1/missions': () => ({ body: { data: [mission], next_cursor: null } }),
      'POST /v1/missions/*/tasks': () => ({ body: { data: [] } }),
      'GET /v1/missions/*/directives': () => ({ body: { data: known, next_cursor: null } }),
      'GET /v1/missions/*/messages': ({ query }) =>
        query.get('cursor') === null
          ? { body: { data: [said('Hello.')], next_cursor: 'more' } }
          : { body: { data: messages.map(({ text }) => said(text)), next_cursor: null } },
      'GET /v1/missions/*/conductor': () => ({
        body: {
          wave: null,
          context: { tokens: 6_200, budget: 24_000, ceiling: 195_904, level: 'ok' },
          spill: 0,
          next_wave_at: secondsIn(0),
        },
      }),
    });
    const { session } = aSession({ WAVEKEEPER_URL: service.url, WAVEKEEPER_API_KEY: 'wk_test' });
    const exitCode = await runProgram(session, ['import', file]);
    await service.close();
    expect(exitCode).toBe(EXIT.ok);
    expect(service.to('GET', `/v1/missions/${mission.id}/messages`)).toHaveLength(2);
    expect(service.to('POST', `/v1/missions/${mission.id}/messages`)).toEqual([]);
  });

  it('only says what it would make when it is told to', async () => {
    const { stdout, requests } = await run(false, ['--dry-run']);
    expect(stdout).toContain('Raise the walls  (after 1)');
    expect(requests).toEqual([]);
  });
});
