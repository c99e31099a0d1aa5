import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import request from 'supertest';
import { startBrowser } from '../support/browser.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { startService, type TestService } from '../support/service.js';

const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

// What a person sees who was sent a link and has no key.
describe('the page of an answer link', () => {
  let database: TestDatabase;
  let service: TestService;
  let browser: Browser;
  beforeAll(async () => {
    database = await createTestDatabase();
    [service, browser] = await Promise.all([startService(database, { queue: 'none' }), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
    await database.drop();
  });

  const asTenant = () => ({ Authorization: `Bearer ${service.apiKey}` });
  const post = async (path: string, body: object = {}) =>
    (await request(service.url).post(path).set(asTenant()).send(body)).body as { id: string; path: string };

  async function aQuestion(): Promise<{ id: string; state: string; answer: unknown }> {
    const mission = await post('/v1/missions', { title: MARKUP, policy: { approval: 'dispatch' } });
    await post(`/v1/missions/${mission.id}/tasks`, { title: MARKUP });
    return eventually('somebody is asked', async () => {
      const { body } = await request(service.url)
        .get(`/v1/input-requests?mission_id=${mission.id}`)
        .set(asTenant());
      return (body as { data: { id: string; state: string; answer: unknown }[] }).data[0];
    });
  }

  async function opened(
    colorScheme: 'light' | 'dark',
    path: string,
  ): Promise<{ page: Page; refused: string[] }> {
    const page = await (await browser.newContext({ colorScheme })).newPage();
    const refused: string[] = [];
    page.on('console', (line) => {
      if (line.type() === 'error') refused.push(line.text());
    });
    await page.goto(`${service.url}${path}`);
    return { page, refused };
  }

  it.each(['light', 'dark'] as const)('is read and answered by one press of a button: %s', async (scheme) => {
    const { id } = await aQuestion();
    const { path } = await post(`/v1/input-requests/${id}/answer-links`);
    const { page, refused } = await opened(scheme, path);
    expect(await page.title()).toBe('A question for you · Wavekeeper');
    expect(await page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")).toBe('608px');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.fill('[name=comment]', 'Go on.');
    await page.click('text=Approve');
    await page.waitForSelector('text=Thank you');
    await page.goto(`${service.url}${path}`);
    expect(await page.textContent('h1')).toBe('This is settled');
    expect(refused.filter((line) => !line.includes('410'))).toEqual([]);
    const { body } = await request(service.url).get(`/v1/input-requests/${id}`).set(asTenant());
    expect(body).toMatchObject({ state: 'answered', answer: { value: 'approve', comment: 'Go on.' } });
    await page.context().close();
  });
});
