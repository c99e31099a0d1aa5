import type { Command } from 'commander';
import type { LedgerEvent } from '#contracts';
import type { ApiClient } from '../api-client.js';
import type { Session } from '../session.js';
import type { Terminal } from '../terminal.js';
import { EVENTS_SHOWN, eventLine, hasEnded, watchLines, WAVES_SHOWN } from '../watch/watch-view.js';
import { followEvents } from '../watch/event-source.js';
import { integerBetween } from './options.js';

/** A screen is drawn again no sooner than this. */
const REDRAW_MS = 200;
const SEQ_MAX = 2_147_483_647;
const ENDINGS: readonly LedgerEvent['type'][] = ['mission.completed', 'mission.canceled', 'mission.archived'];

const HELP = `
At a terminal: a screen of the mission's state, context, waves and events, drawn again as they change. Piped: one line for
each event. With --json: one event as JSON for each line (NDJSON), from the first on or after --after SEQ, none left out;
to go on later, give --after the last "seq". Ends when the mission has ended, or by Ctrl-C.`;

interface Options {
  readonly json?: true;
  readonly after: number;
}

export function addWatchCommand(program: Command, session: Session): void {
  program
    .command('watch')
    .argument('<mission>', 'msn_…')
    .description('follow a mission live')
    .option('--after <seq>', 'leave out events up to this number', integerBetween(0, SEQ_MAX), 0)
    .option('--json', 'print each event as one line of JSON on stdout and nothing else')
    .addHelpText('after', HELP)
    .action((missionId: string, options: Options) => watch(session, missionId, options));
}

async function watch(session: Session, missionId: string, options: Options): Promise<void> {
  const { terminal } = session;
  const client = await session.client();
  const stop = session.takeOverSignals();
  const mission = await client.getMission(missionId);
  const isScreen = options.json === undefined && terminal.isScreen;
  const view = isScreen ? new WatchScreen(terminal, client, missionId) : new EventLines(terminal, options);
  const isLast = async (seq: number) => (await client.listEventsAfter(missionId, seq)).length === 0;
  let isOver = hasEnded(mission);
  try {
    if (isOver && (await isLast(options.after))) return;
    for await (const event of followEvents({
      open: (lastSeq, signal) => client.openEvents(missionId, lastSeq, signal),
      afterSeq: options.after,
      until: stop.stopping,
      onLost: () => terminal.progress('The connection was lost; trying again.'),
    })) {
      terminal.progress('');
      view.show(event);
      isOver = afterEvent(event.type, isOver);
      if (isOver && (await isLast(event.seq ?? 0))) break;
    }
  } finally {
    await view.finish();
  }
  session.exitCode = stop.exitCode;
}

/** Whether a mission is over after an event: work that arrives takes a completed one up again. */
function afterEvent(type: LedgerEvent['type'], wasOver: boolean): boolean {
  if (ENDINGS.includes(type)) return true;
  return type === 'mission.resumed' || type === 'mission.created' ? false : wasOver;
}

/** Each event as a line, for a pipe. */
class EventLines {
  constructor(
    private readonly terminal: Terminal,
    private readonly options: Options,
  ) {}

  show(event: LedgerEvent): void {
    this.terminal.print(this.options.json ? JSON.stringify(event) : eventLine(event));
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }
}

/** The mission as a screen: read anew when events came, and drawn over what was there. */
class WatchScreen {
  readonly #events: LedgerEvent[] = [];
  #timer: NodeJS.Timeout | null = null;
  #drawing: Promise<void> = Promise.resolve();

  constructor(
    private readonly terminal: Terminal,
    private readonly client: ApiClient,
    private readonly missionId: string,
  ) {}

  show(event: LedgerEvent): void {
    this.#events.push(event);
    if (this.#events.length > EVENTS_SHOWN) this.#events.shift();
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#drawing = this.#draw().catch(() => undefined); // the stream says when the service has gone
    }, REDRAW_MS);
  }

  async finish(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#drawing;
    await this.#draw().catch(() => undefined);
  }

  async #draw(): Promise<void> {
    const [mission, conductor, waves] = await Promise.all([
      this.client.getMission(this.missionId),
      this.client.getConductor(this.missionId),
      this.client.listWaves(this.missionId, { limit: WAVES_SHOWN }),
    ]);
    const view = { mission, conductor, waves: waves.data, events: this.#events };
    this.terminal.redraw(watchLines(view, this.terminal.columns));
  }
}
