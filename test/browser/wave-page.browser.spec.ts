import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import request from 'supertest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { startBrowser } from '../support/browser.js';
import { startService, type TestService } from '../support/service.js';

/** What would do something if any text were taken for markup. */
const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

describe('the page of a wave', () => {
  let database: TestDatabase;
  let service: TestService;
  let browser: Browser;
  let waveId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService(database, { queue: 'none' });
    browser = await startBrowser();
    waveId = await aReviewingWave();
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
    await database.drop();
  });

  /** The last wave of a mission in which one task was done, all its texts hostile. */
  async function aReviewingWave(): Promise<string> {
    const asTenant = { Authorization: `Bearer ${service.apiKey}` };
    const mission = await request(service.url)
      .post('/v1/missions')
      .set(asTenant)
      .send({ title: `Harbour ${MARKUP}`, directives: [`Never sink. ${MARKUP}`] });
    const waves = `/v1/missions/${String(mission.body.id)}/waves`;
    await request(service.url)
      .post(`/v1/missions/${String(mission.body.id)}/tasks`)
      .set(asTenant)
      .send({ title: `Dig ${MARKUP}`, metadata: { outcome: `Dug. ${MARKUP}` } });
    return eventually('a wave has judged the result', async () => {
      const { body } = await request(service.url).get(waves).set(asTenant);
      return body.data.find((wave: { decisions: { tool: string }[] }) =>
        wave.decisions.some(({ tool }) => tool === 'task_review'),
      )?.id;
    });
  }

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await (await browser.newContext(options)).newPage();
    await page.goto(`${service.url}/waves/${waveId}`);
    return page;
  };
  const signIn = async (page: Page, key = service.apiKey): Promise<void> => {
    await page.fill('#key', key);
    await page.click('button[type=submit]');
  };

  it('shows what the wave saw section by section, what it decided, and that its bytes can be made again', async () => {
    const page = await open();
    await signIn(page);
    await page.waitForSelector('.bar');
    expect(await page.locator('tbody summary').allTextContents()).toEqual([
      'Z0 Tools',
      'Z1 Role and protocol',
      'Z2 Mission charter',
      'Z3 Directives',
      'Z4 Finished work',
      'Z5 Registers',
      'Z6 Board',
      'Z7 Inbox page',
      'Z8 This wave',
    ]);
    await page.locator('summary', { hasText: 'Z7 Inbox page' }).click();
    expect(await page.locator('td pre').textContent()).toContain('Dug.');
    expect(await page.locator('.decisions').textContent()).toContain('task_review · T1');
    await page.click('button:has-text("Rebuild now")');
    await page.waitForSelector('.good');
    expect(await page.locator('.good').textContent()).toContain('The ledger makes the same bytes again');
  });

  it('shows whatever anybody wrote as text, and asks nobody but this service', async () => {
    const page = await open();
    const foreign: string[] = [];
    page.on('request', (sent) => {
      if (!sent.url().startsWith(service.url)) foreign.push(sent.url());
    });
    await signIn(page);
    await page.waitForSelector('.bar');
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await page.locator('h1').textContent()).toContain(MARKUP);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toContain('Wavekeeper');
    expect(foreign).toEqual([]);
  });

  it('tells no other tenant anything, and asks again for a key', async () => {
    const page = await open();
    await signIn(page, 'wk_local_nonsense');
    expect(await page.locator('[role=alert]').textContent()).toContain('not valid');
    await signIn(page, await service.anotherKey());
    await page.locator('[role=alert]', { hasText: 'no such wave' }).waitFor();
    expect(await page.locator('main').textContent()).not.toContain('Harbour');
  });

  it('signs the browser in: the next page asks for nothing, and no script can read with what', async () => {
    const page = await open();
    await signIn(page);
    await page.waitForSelector('.bar');
    await page.reload();
    await page.waitForSelector('.bar');
    expect(
      await page.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })'),
    ).toBe('{}');
    await page.goto(`${service.url}/sign-in`);
    await page.click('#sign-out');
    await page.locator('#message', { hasText: 'signed out' }).waitFor();
    await page.goto(`${service.url}/waves/${waveId}`);
    await page.waitForSelector('#key');
  });

  it('is reached with a link that works once and leaves no trace of itself', async () => {
    const made = await request(service.url)
      .post('/v1/sign-in-links')
      .set({ Authorization: `Bearer ${service.apiKey}` });
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${service.url}${String(made.body.path)}`);
    await page.locator('#message', { hasText: 'You are signed in' }).waitFor();
    expect(page.url()).toBe(`${service.url}/sign-in`);
    await page.goto(`${service.url}/waves/${waveId}`);
    await page.waitForSelector('.bar');
    const other = await (await browser.newContext()).newPage();
    await other.goto(`${service.url}${String(made.body.path)}`);
    await other.locator('#message', { hasText: 'was used' }).waitFor();
  });

  it.each(['light', 'dark'] as const)('is accessible in %s', async (colorScheme) => {
    const page = await open({ colorScheme });
    const violations = async (): Promise<string[]> => {
      const { violations: found } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      return found.map(({ id }) => id);
    };
    expect(await violations()).toEqual([]);
    await signIn(page);
    await page.waitForSelector('.bar');
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await violations()).toEqual([]);
    await page.goto(`${service.url}/sign-in`);
    await page.locator('#sign-out').click();
    await page.waitForSelector('#key');
    expect(await violations()).toEqual([]);
  });
});
