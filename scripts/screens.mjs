// Draws every screen of the dashboard, in light and in dark, into docs/screens/: `npm run screens`.
//
//   npm run screens                            a service of its own, in a home of its own, with work made up for the pictures
//   npm run screens -- --url URL --key KEY     a service that is running already, as it is
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startPlayedService } from './played-service.mjs';

const SIZE = { width: 1440, height: 900 };
const HEIGHT_MAX = 1_800;
const SETTLE_MS = 20_000;
const DIRECTORY = 'docs/screens';
const CHROMIUM = process.env.TEST_CHROMIUM ?? '/usr/bin/chromium';

const { values } = parseArgs({ options: { url: { type: 'string' }, key: { type: 'string' } } });

async function drawAll({ url, key }) {
  mkdirSync(DIRECTORY, { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const screens = await screensOf(url, key);
    for (const colorScheme of ['light', 'dark'])
      await drawScheme(browser, { url, key, colorScheme, screens });
  } finally {
    await browser.close();
  }
}

/** The addresses of the screens, by name: of the mission with the longest history, its last wave, and what belongs to it. */
async function screensOf(url, key) {
  const read = async (address) => {
    const answer = await fetch(`${url}${address}`, { headers: { authorization: `Bearer ${key}` } });
    return (await answer.json()).data;
  };
  const missions = (await read('/v1/missions?limit=100')).sort((a, b) => b.waves - a.waves);
  const mission = missions[0].id;
  const [wave] = (await read(`/v1/missions/${mission}/waves?limit=20`)).filter(
    ({ decisions }) => decisions.length > 0,
  );
  const tasks = (
    await Promise.all(missions.slice(0, 4).map(({ id }) => read(`/v1/tasks?limit=100&mission_id=${id}`)))
  ).flat();
  const task =
    tasks.find(({ depends_on: needs, state }) => needs.length > 1 && state === 'completed') ?? tasks[0];
  return {
    missions: '/',
    mission: `/missions/${mission}`,
    wave: `/waves/${wave.id}?section=Z7`,
    'wave-diff': `/waves/${wave.id}?tab=diff`,
    tasks: '/tasks',
    task: `/tasks/${task.id}`,
    inbox: '/inbox',
    webhooks: '/webhooks',
    usage: '/settings',
    keys: '/settings?tab=keys',
  };
}

async function drawScheme(browser, { url, key, colorScheme, screens }) {
  const context = await browser.newContext({ viewport: SIZE, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`${url}/sign-in`);
  await draw(page, `sign-in-${colorScheme}`);
  await page.fill('#key', key);
  await page.click('button[type=submit]');
  await page.locator('h1', { hasText: 'Missions' }).waitFor();
  for (const [name, address] of Object.entries(screens)) {
    await page.goto(`${url}${address}`);
    await settled(page);
    await draw(page, `${name}-${colorScheme}`);
  }
  await page.goto(`${url}${screens.mission}`);
  await settled(page);
  const messages = path.join(DIRECTORY, `messages-${colorScheme}.png`); // it stands below what is drawn of its page
  writeFileSync(messages, await page.locator('section[aria-label="Messages"]').screenshot());
  console.log(messages);
  await page.click('button:has-text("Archive conductor")');
  await page.locator('text=First request after').waitFor();
  await draw(page, `rotate-${colorScheme}`);
  await context.close();
}

/** All that the page has asked for has come; its streams never end, so the network is never idle. */
async function settled(page) {
  await page.locator('h1').waitFor();
  await page.locator('[aria-label^="Reading "]').first().waitFor({ state: 'detached', timeout: SETTLE_MS });
  await page.waitForTimeout(700); // charts are drawn in a chunk that is loaded late
}

async function draw(page, name) {
  const height = await page.evaluate('document.documentElement.scrollHeight');
  await page.setViewportSize({ ...SIZE, height: Math.min(HEIGHT_MAX, Math.max(SIZE.height, height)) });
  await page.waitForTimeout(250);
  const file = path.join(DIRECTORY, `${name}.png`);
  writeFileSync(file, await page.screenshot());
  await page.setViewportSize(SIZE);
  console.log(file);
}

if (values.url !== undefined && values.key !== undefined) await drawAll({ url: values.url, key: values.key });
else {
  const service = await startPlayedService();
  try {
    await drawAll(service);
  } finally {
    await service.stop();
  }
}
