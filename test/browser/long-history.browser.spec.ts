import type { Browser, Page, Request } from 'playwright-core';
import { contextSeriesSchema, SERIES_POINTS_MAX } from '#contracts';
import { aLongMission, type LongMission } from '../../bench/harness/long-mission.js';
import { startBrowser } from '../support/browser.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startService, type TestService } from '../support/service.js';

const PAST = { waves: 2_227, tasks: 20_000, messages: 500 };
/** Of all that one screen reads, but for the points of the picture. */
const SCREEN_BYTES_MAX = 200_000;
const POINT_BYTES_MAX = 250;
/** Groups of usage, and what else is few by its nature. */
const ROWS_WITHOUT_LIMIT_MAX = 100;

let database: TestDatabase;
let service: TestService;
let browser: Browser;
let page: Page;
let mission: LongMission;
beforeAll(async () => {
  database = await createTestDatabase();
  // Before the service, which would take up the mission while its past is still being written.
  mission = await aLongMission(database.transactions, PAST);
  [service, browser] = await Promise.all([startService(database, { queue: 'none' }), startBrowser()]);
  page = await browser.newPage({ reducedMotion: 'reduce' });
  await page.goto(`${service.url}/sign-in`);
  await page.fill('#key', mission.apiKey);
  await page.press('#key', 'Enter');
  await page.locator('h1', { hasText: 'Missions' }).waitFor();
});
afterAll(async () => {
  await browser.close();
  await service.stop();
  await database.drop();
});

/** What is asked of the API, with the key instead of the browser's session. */
async function ask(address: string): Promise<{ bytes: number; body: { data?: { id: string }[] } }> {
  const answer = await fetch(address, { headers: { authorization: `Bearer ${mission.apiKey}` } });
  const text = await answer.text();
  return { bytes: Buffer.byteLength(text), body: JSON.parse(text) as { data?: { id: string }[] } };
}

/** The addresses that a screen reads until it is there, each once. */
async function readBy(screen: string): Promise<string[]> {
  const asked = new Set<string>();
  const hear = (sent: Request) => {
    if (sent.resourceType() === 'fetch' && sent.url().includes('/v1/')) asked.add(sent.url());
  };
  page.on('request', hear);
  await page.goto(service.url + screen);
  await page.locator('h1').waitFor();
  await page.locator('[aria-label^="Reading "]').first().waitFor({ state: 'detached' });
  page.off('request', hear);
  return [...asked];
}

describe(`with ${PAST.waves} waves and ${PAST.tasks} tasks behind it`, () => {
  let screens: Record<string, string>;
  beforeAll(async () => {
    const newest = async (list: string) => (await ask(service.url + list)).body.data?.[0]?.id ?? '';
    const wave = await newest(`/v1/missions/${mission.missionId}/waves?limit=1`);
    const task = await newest(`/v1/tasks?mission_id=${mission.missionId}&limit=1`);
    screens = {
      missions: '/',
      mission: `/missions/${mission.missionId}`,
      wave: `/waves/${wave}`,
      tasks: '/tasks',
      task: `/tasks/${task}`,
      inbox: '/inbox?state=answered',
      webhooks: '/webhooks',
      settings: '/settings',
    };
  });

  it.each(['missions', 'mission', 'wave', 'tasks', 'task', 'inbox', 'webhooks', 'settings'])(
    'the screen %s reads no more than it shows',
    async (name) => {
      const asked = (await readBy(screens[name] ?? '')).filter(
        (address) => !address.endsWith('/context-series'),
      );
      expect(asked).not.toEqual([]);
      const answers = await Promise.all(asked.map(ask));
      for (const [place, { body }] of answers.entries()) {
        const limit = new URL(asked[place] ?? '').searchParams.get('limit');
        expect(body.data?.length ?? 0).toBeLessThanOrEqual(Number(limit ?? ROWS_WITHOUT_LIMIT_MAX));
      }
      expect(answers.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(SCREEN_BYTES_MAX);
    },
  );

  it('the picture of all of it is one answer with a bounded number of points', async () => {
    const { bytes, body } = await ask(`${service.url}/v1/missions/${mission.missionId}/context-series`);
    const { points, waves } = contextSeriesSchema.parse(body);
    expect(waves).toBeGreaterThan(PAST.waves);
    expect(points.length).toBeLessThanOrEqual(SERIES_POINTS_MAX);
    expect(bytes).toBeLessThan(POINT_BYTES_MAX * SERIES_POINTS_MAX);
  });
});
