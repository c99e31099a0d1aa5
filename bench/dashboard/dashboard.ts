import { z } from 'zod';
import type { Run } from '../harness/benchmark.js';
import { startChromium } from '../harness/browser.js';
import { aLongMission, type LongMission } from '../harness/long-mission.js';
import { atMost, exactly, type Outcome } from '../harness/outcome.js';
import { ServiceHost } from '../harness/service-process.js';
import { median, rounded } from '../harness/tally.js';
import { Visitor } from './visit-screens.js';
import { interactiveMs, type Watched } from './watch.js';

/** The reported mission, and as many tasks as `finished` has. */
const WAVES = 2_227;
const TASKS = 20_000;
const MESSAGES = 500;
const RUNS = 3;

const INTERACTIVE_MS_MAX = 2_000;
const DRAWN_MS_MAX = 300;
const LONG_TASK_MS_MAX = 100;
const SCRIPT_BYTES_MAX = 300_000;

/**
 * The dashboard in a real browser on a mission with a long past: how soon each screen answers when nothing of it is kept,
 * how soon the picture is drawn once its data is there, and whether scrolling ever stops. Medians of three.
 */
export async function benchDashboard({ transactions, databaseUrl, size, say }: Run): Promise<Outcome> {
  say('dashboard: making the past');
  const tasks = size ?? TASKS;
  const mission = await aLongMission(transactions, { waves: WAVES, tasks, messages: MESSAGES });
  const host = await ServiceHost.create({ url: databaseUrl });
  const service = await host.start();
  const browser = await startChromium();
  try {
    const visitor = await Visitor.signIn({ browser, url: service.url, apiKey: mission.apiKey });
    const screens: Screen[] = [];
    for (const [name, address] of await addressesOf(service.url, mission)) {
      say(`dashboard: ${name}`);
      screens.push(await measure(visitor, name, address));
    }
    say('dashboard: scrolling');
    return outcomeOf({
      waves: WAVES,
      tasks,
      messages: MESSAGES,
      screens,
      longest_task_of_scrolling_ms: rounded(await visitor.longestTaskOfScrolling(), 0),
      script_bytes: await visitor.scriptBytes('/'),
      foreign_requests: visitor.foreign.length,
    });
  } finally {
    await browser.close();
    await service.stop();
    await host.remove();
  }
}

interface Screen {
  readonly name: string;
  readonly interactive_ms: number;
  /** From the answer to the first line of the picture; null where there is none. */
  readonly drawn_ms: number | null;
  readonly long_tasks: number;
}

async function measure(visitor: Visitor, name: string, address: string): Promise<Screen> {
  const isDrawn = name === 'mission';
  await visitor.open(address, isDrawn); // the first of all finds a service that has never been asked for it
  const seen: Watched[] = [];
  for (let run = 0; run < RUNS; run += 1) seen.push(await visitor.open(address, isDrawn));
  const drawn = seen.flatMap(({ seriesAt, drawnAt }) =>
    seriesAt === null || drawnAt === null ? [] : [drawnAt - seriesAt],
  );
  return {
    name,
    interactive_ms: rounded(median(seen.map(interactiveMs)), 0),
    drawn_ms: isDrawn ? rounded(median(drawn), 0) : null,
    long_tasks: median(seen.map(({ longTasks }) => longTasks.length)),
  };
}

const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

async function addressesOf(url: string, { missionId, apiKey }: LongMission): Promise<[string, string][]> {
  const newest = async (path: string) => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
    return listSchema.parse(await answer.json()).data[0]?.id ?? '';
  };
  const waveId = await newest(`/v1/missions/${missionId}/waves?limit=1`);
  const taskId = await newest(`/v1/tasks?mission_id=${missionId}&limit=1`);
  return [
    ['missions', '/'],
    ['mission', `/missions/${missionId}`],
    ['wave', `/waves/${waveId}`],
    ['tasks', '/tasks'],
    ['task', `/tasks/${taskId}`],
    ['inbox', '/inbox'],
    ['webhooks', '/webhooks'],
    ['settings', '/settings'],
  ];
}

interface Report {
  readonly waves: number;
  readonly tasks: number;
  readonly messages: number;
  readonly screens: readonly Screen[];
  readonly longest_task_of_scrolling_ms: number;
  readonly script_bytes: number;
  readonly foreign_requests: number;
}

function outcomeOf(report: Report): Outcome {
  const slowest = Math.max(...report.screens.map(({ interactive_ms: ms }) => ms));
  const drawn = Math.max(...report.screens.map(({ drawn_ms: ms }) => ms ?? 0));
  return {
    report,
    tables: [
      {
        title: `Screens of ${report.waves} waves and ${report.tasks} tasks, opened with an empty cache`,
        rows: [
          ['screen', 'interactive, ms', 'picture after its data, ms', 'long tasks'],
          ...report.screens.map(({ name, interactive_ms, drawn_ms, long_tasks }) => [
            ...[name, interactive_ms, drawn_ms ?? '–', long_tasks],
          ]),
        ],
      },
    ],
    checks: [
      atMost('the slowest screen is interactive after so many ms', slowest, INTERACTIVE_MS_MAX),
      atMost('the picture is drawn so many ms after its data has come', drawn, DRAWN_MS_MAX),
      atMost(
        'longest task while the list of tasks is scrolled, ms',
        report.longest_task_of_scrolling_ms,
        LONG_TASK_MS_MAX,
      ),
      atMost('bytes of script of the first load, gzip', report.script_bytes, SCRIPT_BYTES_MAX),
      exactly('requests to anybody else', report.foreign_requests, 0),
    ],
  };
}
