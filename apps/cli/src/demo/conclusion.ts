import { EXIT } from '../exit-codes.js';
import { count, table } from '../text-layout.js';
import type { DemoResult } from './run-demo.js';

export interface Verdict {
  readonly exitCode: number;
  /** Why it is not 0; null when it is. */
  readonly complaint: string | null;
}

/** What the demo ends with: success is every task completed once, the mission completed, every webhook verified. */
export function demoVerdict(result: DemoResult): Verdict {
  const { report, ending, missionState, webhooksOwed } = result;
  const unfinished = report.tasks.failed + report.tasks.canceled;
  const missing = webhooksOwed - report.webhooks.verified;
  if (ending === 'out_of_time') return verdict(EXIT.timedOut, 'The mission did not complete in time.');
  if (ending === 'held')
    return verdict(EXIT.taskFailed, `The mission is ${missionState} and waits for a person.`);
  if (unfinished > 0) return verdict(EXIT.taskFailed, `${count(unfinished, 'task')} did not complete.`);
  if (ending === 'at_rest')
    return verdict(EXIT.failure, `The mission came to rest as ${missionState}, not as completed.`);
  if (report.duplicates > 0)
    return verdict(EXIT.failure, `${count(report.duplicates, 'task')} completed more than once.`);
  if (missing > 0) return verdict(EXIT.failure, `${count(missing, 'webhook')} did not arrive and verify.`);
  return { exitCode: EXIT.ok, complaint: null };
}

function verdict(exitCode: number, text: string): Verdict {
  return { exitCode, complaint: `error: ${text}` };
}

/** Where the demo ran, for the commands that it suggests. */
export interface ServicePlace {
  readonly url: string;
  /** The process that the demo started; null when it found a service. */
  readonly startedPid: number | null;
  readonly keepsRunning: boolean;
  /** What a shell expands to the key: the key itself is never printed. */
  readonly keyInShell: string;
}

export function shellReadingKey(credentialsFile: string): string {
  return `$(node -p "JSON.parse(fs.readFileSync('${credentialsFile}')).api_key")`;
}

/** What to type after a demo. */
export function nextSteps(place: ServicePlace, result: Pick<DemoResult, 'report' | 'lastWaveId'>): string[] {
  const steps: [command: string, meaning: string][] = [];
  if (place.keepsRunning && place.startedPid !== null)
    steps.push([`kill ${place.startedPid}`, `end the service, which goes on at ${place.url}`]);
  if (place.keepsRunning) steps.push([`${place.url}/docs`, 'the API, to browse and to try']);
  else steps.push(['npm start', `the service again, at ${place.url}, with this mission in its ledger`]);
  if (result.lastWaveId !== null)
    steps.push(
      [`npx wavekeeper wave context ${result.lastWaveId}`, 'what the last wave saw'],
      [`${place.url}/waves/${result.lastWaveId}`, 'the same in a browser'],
    );
  const mission = `${place.url}/v1/missions/${result.report.mission_id}`;
  return [
    'Next',
    ...table(steps).map((line) => `  ${line}`),
    `  curl -s ${mission} -H "Authorization: Bearer ${place.keyInShell}"`,
  ];
}
