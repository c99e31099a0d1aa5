import { resolveConnection, type Connection } from './connection.js';
import { errorOf } from './errors.js';
import { createClient, createConfig, type Client } from './generated/client/index.js';
import * as api from './generated/index.js';
import { MissionHints } from './mission-hints.js';
import { itemsOf } from './pages.js';
import { sendRepeatedly } from './send.js';
import { waitForTask, type WaitOptions } from './wait-for-task.js';

/** What a call of the generated client resolves to. */
type Sent<Data> = Promise<
  | { readonly data: Data; readonly error: undefined; readonly response: Response }
  | { readonly data: undefined; readonly error: unknown; readonly response: Response | undefined }
>;

/** The data of an answer; throws what the service refused it with, or why there is none. */
export async function answerOf<Data>(sent: Sent<Data>): Promise<Data> {
  const { data, error, response } = await sent;
  if (response === undefined) throw error;
  if (!response.ok) throw errorOf(response, error);
  return data as Data; // of a success
}

export type NewTask = api.TaskInput & {
  /** The tenant's default mission unless given. */
  readonly mission?: string;
};

/** A task that was handed in. */
export type SubmittedTask = api.CreatedTask & {
  /** The task once it has completed; throws `TaskFailedError` or `WaitTimeoutError`. */
  wait(options?: WaitOptions): Promise<api.Task>;
};

/** A list's filters; where it goes on is the iterator's affair. */
type Filter<Query> = Omit<NonNullable<Query>, 'cursor'>;

/** The service, for one tenant. What has no method here is in `api`, with `client` as its client. */
export class Wavekeeper {
  readonly url: string;
  readonly client: Client;
  readonly tasks: Tasks;
  readonly missions: Missions;
  readonly inputRequests: InputRequests;

  /** From what is given, else the environment, else the credentials of a local service. */
  constructor(connection: Partial<Connection> = {}) {
    const { url, apiKey } = resolveConnection(connection);
    this.url = url;
    this.client = createClient(
      createConfig({
        baseUrl: url,
        auth: ({ scheme }) => (scheme === 'bearer' ? apiKey : undefined),
        fetch: sendRepeatedly,
      }),
    );
    this.tasks = new Tasks(this.client);
    this.missions = new Missions(this.client);
    this.inputRequests = new InputRequests(this.client);
  }
}

class Tasks {
  readonly #hints: MissionHints;

  constructor(private readonly client: Client) {
    this.#hints = new MissionHints(client);
  }

  /** Hands in one task. A repeated `key` is the task that has it. */
  async submit({ mission, ...body }: NewTask): Promise<SubmittedTask> {
    const { client } = this;
    const sent =
      mission === undefined
        ? api.submitTasksToDefaultMission({ client, body })
        : api.submitTasks({ client, path: { id: mission }, body });
    const task = (await answerOf(sent)) as api.CreatedTask; // one was sent, so one is answered
    return { ...task, wait: (options) => this.wait(task.id, options) };
  }

  /** Hands in up to 1,000 tasks as one; each has its own outcome, in order. */
  async submitAll(
    tasks: readonly api.TaskInput[],
    { mission }: { readonly mission?: string } = {},
  ): Promise<api.SubmittedTask[]> {
    const { client } = this;
    const body = { tasks: [...tasks] };
    const sent =
      mission === undefined
        ? api.submitTasksToDefaultMission({ client, body })
        : api.submitTasks({ client, path: { id: mission }, body });
    return ((await answerOf(sent)) as api.SubmittedTasks).data; // many were sent
  }

  get(id: string): Promise<api.Task> {
    return answerOf(api.readTask({ client: this.client, path: { id } }));
  }

  /** Newest first. */
  list(query: Filter<api.ListTasksData['query']> = {}): AsyncGenerator<api.TaskSummary> {
    const { client } = this;
    return itemsOf((cursor) => answerOf(api.listTasks({ client, query: withCursor(query, cursor) })));
  }

  /** The task once it has completed; throws `TaskFailedError` or `WaitTimeoutError`. */
  wait(id: string, options: WaitOptions = {}): Promise<api.Task> {
    return waitForTask(() => this.get(id), this.#hints, options);
  }

  cancel(id: string): Promise<api.Task> {
    return answerOf(api.cancelTask({ client: this.client, path: { id } }));
  }

  retry(id: string): Promise<api.Task> {
    return answerOf(api.retryTask({ client: this.client, path: { id } }));
  }
}

class Missions {
  constructor(private readonly client: Client) {}

  create(body: api.MissionInput): Promise<api.Mission> {
    return answerOf(api.createMission({ client: this.client, body }));
  }

  get(id: string): Promise<api.Mission> {
    return answerOf(api.readMission({ client: this.client, path: { id } }));
  }

  /** Newest first. */
  list(query: Filter<api.ListMissionsData['query']> = {}): AsyncGenerator<api.Mission> {
    const { client } = this;
    return itemsOf((cursor) => answerOf(api.listMissions({ client, query: withCursor(query, cursor) })));
  }

  /** Says something to a mission's conductor; `trusted: false` for what is not your own word, such as the output of a tool. */
  tell(id: string, text: string, as: Pick<api.MessageInput, 'trusted'> = {}): Promise<api.Message> {
    return answerOf(api.postMessage({ client: this.client, path: { id }, body: { text, ...as } }));
  }

  /** A mission's events by seq, up to the newest there is. */
  events(id: string, { after = 0 }: { readonly after?: number } = {}): AsyncGenerator<api.Event> {
    const { client } = this;
    return itemsOf((cursor) =>
      answerOf(api.listEvents({ client, path: { id }, query: withCursor({ after, limit: 100 }, cursor) })),
    );
  }
}

class InputRequests {
  constructor(private readonly client: Client) {}

  /** What people are asked, newest first; only what is open unless told otherwise. */
  list(
    query: Filter<api.ListInputRequestsData['query']> = { state: 'open' },
  ): AsyncGenerator<api.InputRequest> {
    const { client } = this;
    return itemsOf((cursor) => answerOf(api.listInputRequests({ client, query: withCursor(query, cursor) })));
  }

  answer(id: string, body: api.AnswerInput): Promise<api.InputRequest> {
    return answerOf(api.answerInputRequest({ client: this.client, path: { id }, body }));
  }
}

function withCursor<Query extends object>(
  query: Query,
  cursor: string | undefined,
): Query & { cursor?: string } {
  return cursor === undefined ? query : { ...query, cursor };
}
