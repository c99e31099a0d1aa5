import type { Wave } from '#contracts';
import { abortAfter } from '#sdk';
import type { ApiClient, NewTask } from '../api-client.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { WebhookReceiver } from '../webhook-receiver.js';
import { inRequests } from './backlog.js';
import {
  DEMO_EVENT_TYPES,
  demoReport,
  firstCommitSeconds,
  webhooksOwed,
  type SummaryFacts,
} from './demo-report.js';
import { followMission, type Followed } from './follow-mission.js';
import { progressLines } from './progress-view.js';

const MS_PER_SECOND = 1_000;
const MS_PER_TASK = 10_000;
const TIMEOUT_MIN_MS = 300_000;
/** The second try of a webhook comes 5 s after the first, the third 5 min later. */
const WEBHOOKS_TIMEOUT_MS = 30_000;
const PROBLEMS_SHOWN = 5;

export interface DemoMission {
  readonly title: string;
  readonly objective: string;
  readonly tasks: readonly NewTask[];
}

export interface DemoOptions {
  readonly client: ApiClient;
  readonly mission: DemoMission;
  readonly stopping: AbortSignal;
  readonly onMission: (missionId: string) => void;
  readonly onWave: (wave: Wave) => void;
  readonly onProgress: (text: string) => void;
}

export interface DemoResult extends SummaryFacts {
  readonly ending: Followed['ending'];
  readonly missionState: string;
  readonly lastWaveId: string | null;
}

/**
 * The main job: a mission, its tasks, the waves that get them done, and a verified webhook for every end. Leaves the
 * mission in the ledger and takes its own webhook endpoint away again.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { client, mission } = options;
  const receiver = await WebhookReceiver.listen(0);
  try {
    const { id } = await client.createMission({ title: mission.title, objective: mission.objective });
    options.onMission(id);
    const endpoint = await client.createEndpoint({
      url: receiver.url,
      event_types: [...DEMO_EVENT_TYPES],
      mission_id: id,
      description: 'the receiver of one run of the demo',
    });
    try {
      if (endpoint.secret !== undefined) receiver.trust(endpoint.secret);
      await submitAll(client, id, mission.tasks);
      return await followToReport(options, id, receiver);
    } finally {
      // A tenant has room for twenty endpoints. When the service is gone, so is the wish to tidy up.
      await client.deleteEndpoint(endpoint.id).catch(() => {});
    }
  } finally {
    await receiver.close();
  }
}

async function submitAll(client: ApiClient, missionId: string, tasks: readonly NewTask[]): Promise<void> {
  for (const request of inRequests(tasks)) {
    const submitted = await client.submitTasks(missionId, request);
    const problems = submitted.flatMap((item) =>
      'problem' in item ? [`  ${request[item.index]?.key ?? item.index}: ${item.problem.message}`] : [],
    );
    if (problems.length > 0)
      throw new CommandFailure(
        [`${problems.length} tasks were refused:`, ...problems.slice(0, PROBLEMS_SHOWN)].join('\n'),
        EXIT.failure,
      );
  }
}

async function followToReport(
  options: DemoOptions,
  missionId: string,
  receiver: WebhookReceiver,
): Promise<DemoResult> {
  const { client, mission, stopping } = options;
  const timeoutMs = Math.max(mission.tasks.length * MS_PER_TASK, TIMEOUT_MIN_MS);
  const startedAtMs = performance.now();
  let lastWave: Wave | null = null;
  const followed = await followMission({
    client,
    missionId,
    until: abortAfter(timeoutMs, stopping),
    onWave: (wave) => {
      lastWave = wave;
      options.onWave(wave);
    },
    onProgress: ({ counts }) => {
      const seconds = Math.round((performance.now() - startedAtMs) / MS_PER_SECOND);
      const asked = mission.tasks.length;
      options.onProgress(progressLines({ counts, asked, wave: lastWave, seconds }).join('\n'));
    },
  });
  stopping.throwIfAborted();
  const owed = webhooksOwed(followed.events);
  options.onProgress('waiting for the last webhooks …');
  await receiver.verifiedAll(owed, abortAfter(WEBHOOKS_TIMEOUT_MS, stopping));
  const [waves, gauge] = await Promise.all([client.listAllWaves(missionId), client.getConductor(missionId)]);
  const { delivered, verified } = receiver;
  return {
    report: demoReport({ ...followed, waves, spill: gauge.spill, delivered, verified }),
    firstCommitSeconds: firstCommitSeconds(followed.mission, followed.events),
    webhooksOwed: owed.length,
    ending: followed.ending,
    missionState: followed.mission.state,
    lastWaveId: followed.events.findLast(({ type }) => type === 'wave.committed')?.wave_id ?? null,
  };
}
