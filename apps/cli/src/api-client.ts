import { z } from 'zod';
import {
  answerLinkSchema,
  conductorGaugeSchema,
  contextManifestSchema,
  deliveryDetailSchema,
  deliverySchema,
  directiveSchema,
  endpointSchema,
  endpointTestSchema,
  eventSchema,
  inputRequestSchema,
  messageSchema,
  missionSchema,
  pageOf,
  PAGE_LIMIT_MAX,
  rebuiltDigestsSchema,
  recoverySchema,
  rotationSchema,
  scheduleSchema,
  signInLinkSchema,
  shadowSchema,
  submittedTasksSchema,
  taskSchema,
  taskSummarySchema,
  waveSchema,
  type answerInputSchema,
  type answerLinkInputSchema,
  type directiveInputSchema,
  type endpointInputSchema,
  type endpointPatchSchema,
  type LedgerEvent,
  type MessageInput,
  type missionInputSchema,
  type rotationInputSchema,
  type scheduleInputSchema,
  type SchedulePatch,
  type shadowInputSchema,
  type SubmittedTask,
  type taskInputSchema,
  type Wave,
} from '#contracts';
import { Transport } from './transport.js';
import type { Connection } from './credentials.js';

export type NewTask = z.input<typeof taskInputSchema>;

const missionPageSchema = pageOf(missionSchema);
const taskPageSchema = pageOf(taskSummarySchema);
const messagePageSchema = pageOf(messageSchema);
const wavePageSchema = pageOf(waveSchema);
const inputRequestPageSchema = pageOf(inputRequestSchema);
const endpointPageSchema = pageOf(endpointSchema);
const deliveryPageSchema = pageOf(deliverySchema);
const schedulePageSchema = pageOf(scheduleSchema);
const directivePageSchema = pageOf(directiveSchema);
const eventPageSchema = z.object({ data: z.array(eventSchema) });

/** Pages that one listing reads at most: 100,000 rows, the most tasks a mission may have. */
const PAGES_MAX = 1_000;
/** A batch of 1,000 tasks is one transaction. */
const SUBMIT_TIMEOUT_MS = 120_000;
const REBUILD_TIMEOUT_MS = 60_000;
/** The service ends one after three minutes. */
const SHADOW_TIMEOUT_MS = 200_000;

/** The part of the API (v1) that the command line uses: one method per route, answers parsed by the contract. */
export class ApiClient {
  readonly #transport: Transport;

  constructor(readonly connection: Connection) {
    this.#transport = new Transport(connection);
  }

  createMission(mission: z.input<typeof missionInputSchema>) {
    return this.#post('/v1/missions', mission, missionSchema);
  }

  listMissions(query: { state?: string | undefined; limit?: number; cursor?: string | undefined }) {
    return this.#get(`/v1/missions${queryString(query)}`, missionPageSchema);
  }

  getMission(id: string) {
    return this.#get(`/v1/missions/${segment(id)}`, missionSchema);
  }

  controlMission(id: string, action: 'pause' | 'resume' | 'cancel' | 'archive') {
    return this.#post(`/v1/missions/${segment(id)}/${action}`, {}, missionSchema);
  }

  rotateConductor(missionId: string, rotation: z.input<typeof rotationInputSchema>) {
    return this.#post(`/v1/missions/${segment(missionId)}/conductor/rotate`, rotation, rotationSchema);
  }

  postMessage(missionId: string, message: MessageInput) {
    return this.#post(`/v1/missions/${segment(missionId)}/messages`, message, messageSchema);
  }

  listMessages(missionId: string, query: { limit?: number; cursor?: string | undefined }) {
    return this.#get(`/v1/missions/${segment(missionId)}/messages${queryString(query)}`, messagePageSchema);
  }

  /** Page by page: what was said in a long mission may be more than fits in memory. */
  async *eachMessage(missionId: string) {
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const answer = await this.listMessages(missionId, { limit: PAGE_LIMIT_MAX, cursor });
      yield* answer.data;
      if (answer.next_cursor === null) return;
      cursor = answer.next_cursor;
    }
  }

  getConductor(missionId: string) {
    return this.#get(`/v1/missions/${segment(missionId)}/conductor`, conductorGaugeSchema);
  }

  /** A large mission's tree takes a while, in one transaction. */
  rebuildDigests(missionId: string) {
    return this.#transport.send({
      method: 'POST',
      path: `/v1/missions/${segment(missionId)}/digests/rebuild`,
      body: {},
      answer: rebuiltDigestsSchema,
      timeoutMs: REBUILD_TIMEOUT_MS,
    });
  }

  /** Up to 1,000 tasks in one transaction; without a mission they go to the tenant's default one. */
  async submitTasks(missionId: string | null, tasks: readonly NewTask[]): Promise<SubmittedTask[]> {
    const path = missionId === null ? '/v1/tasks' : `/v1/missions/${segment(missionId)}/tasks`;
    const answer = await this.#transport.send({
      method: 'POST',
      path,
      body: { tasks },
      answer: submittedTasksSchema,
      timeoutMs: SUBMIT_TIMEOUT_MS,
    });
    return answer.data;
  }

  listTasks(query: {
    mission_id?: string | undefined;
    state?: string | undefined;
    q?: string | undefined;
    limit?: number;
    cursor?: string | undefined;
  }) {
    return this.#get(`/v1/tasks${queryString(query)}`, taskPageSchema);
  }

  getTask(id: string, signal?: AbortSignal) {
    return this.#get(`/v1/tasks/${segment(id)}`, taskSchema, signal);
  }

  retryTask(id: string) {
    return this.#post(`/v1/tasks/${segment(id)}/retry`, {}, taskSummarySchema);
  }

  cancelTask(id: string) {
    return this.#post(`/v1/tasks/${segment(id)}/cancel`, {}, taskSummarySchema);
  }

  /** What people are asked, newest first. */
  listInputRequests(query: {
    mission_id?: string | undefined;
    state?: string | undefined;
    limit?: number;
    cursor?: string | undefined;
  }) {
    return this.#get(`/v1/input-requests${queryString(query)}`, inputRequestPageSchema);
  }

  /** Every directive of a mission, in whatever state; there is a small bound on them. */
  async listAllDirectives(missionId: string) {
    const directives: z.output<typeof directiveSchema>[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = queryString({ limit: PAGE_LIMIT_MAX, cursor });
      const answer = await this.#get(
        `/v1/missions/${segment(missionId)}/directives${query}`,
        directivePageSchema,
      );
      directives.push(...answer.data);
      if (answer.next_cursor === null) break;
      cursor = answer.next_cursor;
    }
    return directives;
  }

  addDirective(missionId: string, directive: z.input<typeof directiveInputSchema>) {
    return this.#post(`/v1/missions/${segment(missionId)}/directives`, directive, directiveSchema);
  }

  moveDirective(id: string, action: 'accept' | 'reject' | 'retire') {
    return this.#post(`/v1/directives/${segment(id)}/${action}`, {}, directiveSchema);
  }

  createAnswerLink(id: string, link: z.input<typeof answerLinkInputSchema>) {
    return this.#post(`/v1/input-requests/${segment(id)}/answer-links`, link, answerLinkSchema);
  }

  answerInputRequest(id: string, answer: z.input<typeof answerInputSchema>) {
    return this.#post(`/v1/input-requests/${segment(id)}/answer`, answer, inputRequestSchema);
  }

  createSchedule(missionId: string, schedule: z.input<typeof scheduleInputSchema>) {
    return this.#post(`/v1/missions/${segment(missionId)}/schedules`, schedule, scheduleSchema);
  }

  listSchedules(missionId: string, query: { limit: number; cursor: string | undefined }) {
    return this.#get(`/v1/missions/${segment(missionId)}/schedules${queryString(query)}`, schedulePageSchema);
  }

  updateSchedule(id: string, patch: SchedulePatch) {
    return this.#transport.send({
      method: 'PATCH',
      path: `/v1/schedules/${segment(id)}`,
      body: patch,
      answer: scheduleSchema,
    });
  }

  async deleteSchedule(id: string): Promise<void> {
    const path = `/v1/schedules/${segment(id)}`;
    await this.#transport.send({ method: 'DELETE', path, answer: z.unknown() });
  }

  getWave(id: string) {
    return this.#get(`/v1/waves/${segment(id)}`, waveSchema);
  }

  /** A model is asked up to as often as a wave may, while the caller waits. */
  shadowWave(id: string, input: z.input<typeof shadowInputSchema>) {
    return this.#transport.send({
      method: 'POST',
      path: `/v1/waves/${segment(id)}/shadow`,
      body: input,
      answer: shadowSchema,
      timeoutMs: SHADOW_TIMEOUT_MS,
    });
  }

  listWaves(missionId: string, query: { limit: number }) {
    return this.#get(`/v1/missions/${segment(missionId)}/waves${queryString(query)}`, wavePageSchema);
  }

  /** A live stream of a mission's events after `lastSeq`, as text that comes in pieces. */
  openEvents(missionId: string, lastSeq: number, signal: AbortSignal) {
    const path = `/v1/missions/${segment(missionId)}/events`;
    return this.#transport.open(path, { 'last-event-id': String(lastSeq) }, signal);
  }

  /** Every wave of a mission, in order of number. */
  async listAllWaves(missionId: string): Promise<Wave[]> {
    const waves: Wave[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = queryString({ limit: PAGE_LIMIT_MAX, cursor });
      const answer = await this.#get(`/v1/missions/${segment(missionId)}/waves${query}`, wavePageSchema);
      waves.push(...answer.data);
      if (answer.next_cursor === null) break;
      cursor = answer.next_cursor;
    }
    return waves.sort((one, other) => one.number - other.number);
  }

  getWaveContext(id: string, query: { rebuild?: string | undefined }) {
    return this.#get(`/v1/waves/${segment(id)}/context${queryString(query)}`, contextManifestSchema);
  }

  /** The mission's events after `seq`, in order, as many as there are now. */
  async listEventsAfter(missionId: string, seq: number): Promise<LedgerEvent[]> {
    const events: LedgerEvent[] = [];
    let after = seq;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = queryString({ after, limit: PAGE_LIMIT_MAX });
      const { data } = await this.#get(`/v1/missions/${segment(missionId)}/events${query}`, eventPageSchema);
      events.push(...data);
      const last = data.at(-1)?.seq ?? null;
      if (last === null) break;
      after = last;
    }
    return events;
  }

  createSignInLink() {
    return this.#post('/v1/sign-in-links', {}, signInLinkSchema);
  }

  createEndpoint(endpoint: z.input<typeof endpointInputSchema>) {
    return this.#post('/v1/webhook-endpoints', endpoint, endpointSchema);
  }

  listEndpoints(query: { limit?: number; cursor?: string | undefined }) {
    return this.#get(`/v1/webhook-endpoints${queryString(query)}`, endpointPageSchema);
  }

  changeEndpoint(id: string, patch: z.input<typeof endpointPatchSchema>) {
    const path = `/v1/webhook-endpoints/${segment(id)}`;
    return this.#transport.send({ method: 'PATCH', path, body: patch, answer: endpointSchema });
  }

  rotateEndpointSecret(id: string) {
    return this.#post(`/v1/webhook-endpoints/${segment(id)}/rotate-secret`, {}, endpointSchema);
  }

  testEndpoint(id: string) {
    return this.#post(`/v1/webhook-endpoints/${segment(id)}/test`, {}, endpointTestSchema);
  }

  recoverEndpoint(id: string, since: string) {
    return this.#post(`/v1/webhook-endpoints/${segment(id)}/recover`, { since }, recoverySchema);
  }

  listDeliveries(query: {
    endpoint_id?: string | undefined;
    state?: string | undefined;
    limit?: number;
    cursor?: string | undefined;
  }) {
    return this.#get(`/v1/webhook-deliveries${queryString(query)}`, deliveryPageSchema);
  }

  getDelivery(id: string) {
    return this.#get(`/v1/webhook-deliveries/${segment(id)}`, deliveryDetailSchema);
  }

  redeliver(id: string) {
    return this.#post(`/v1/webhook-deliveries/${segment(id)}/redeliver`, {}, deliveryDetailSchema);
  }

  async deleteEndpoint(id: string): Promise<void> {
    const path = `/v1/webhook-endpoints/${segment(id)}`;
    await this.#transport.send({ method: 'DELETE', path, answer: z.unknown() });
  }

  #get<Answer>(path: string, answer: z.ZodType<Answer>, signal?: AbortSignal): Promise<Answer> {
    return this.#transport.send({ method: 'GET', path, answer, signal });
  }

  #post<Answer>(path: string, body: unknown, answer: z.ZodType<Answer>): Promise<Answer> {
    return this.#transport.send({ method: 'POST', path, body, answer });
  }
}

function segment(id: string): string {
  return encodeURIComponent(id);
}

function queryString(query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter((entry) => entry[1] !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}
