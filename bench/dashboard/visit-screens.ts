import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { WATCH, type Watched } from './watch.js';

const VIEWPORT = { width: 1440, height: 900 };
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;
const SCROLL_STEPS = 40;
const SCROLL_PIXELS = 120;
const PAGES_SCROLLED = 5;

/** Where the dashboard is, and who looks at it. */
export interface Visit {
  readonly browser: Browser;
  readonly url: string;
  readonly apiKey: string;
}

/** Opens screens as if for the first time: each in a context of its own that has nothing kept but the sign-in. */
export class Visitor {
  /** Addresses of other origins that any page has asked for. */
  readonly foreign: string[] = [];

  private constructor(
    private readonly visit: Visit,
    private readonly signedIn: Awaited<ReturnType<BrowserContext['storageState']>>,
  ) {}

  static async signIn(visit: Visit): Promise<Visitor> {
    const context = await visit.browser.newContext();
    const page = await context.newPage();
    await page.goto(`${visit.url}/sign-in`);
    await page.fill('#key', visit.apiKey);
    await page.press('#key', 'Enter');
    await page.locator('h1', { hasText: 'Missions' }).waitFor();
    const state = await context.storageState();
    await context.close();
    return new Visitor(visit, state);
  }

  /** What a screen came to, once it is read and quiet. `needsDrawing`: its picture has been drawn too. */
  async open(address: string, needsDrawing = false): Promise<Watched> {
    return this.looking(address, async (page) => {
      const isThere = ({ readAt, drawnAt }: Watched) =>
        readAt !== null && (drawnAt !== null || !needsDrawing);
      await until(page, isThere);
      await quiet(page); // what has come may have something else to read
      return until(page, isThere);
    });
  }

  /** Bytes of all scripts of a first load, as they are sent to a browser that takes gzip. */
  async scriptBytes(address: string): Promise<number> {
    const scripts = await this.looking(address, async (page) => {
      await until(page, ({ readAt }) => readAt !== null);
      return page.evaluate<string[]>(
        `performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js'))`,
      );
    });
    let bytes = 0;
    for (const script of new Set(scripts)) {
      const answer = await fetch(script, { headers: { 'accept-encoding': 'gzip' } });
      bytes += Number(answer.headers.get('content-length'));
      await answer.body?.cancel();
    }
    return bytes;
  }

  /** The longest long task while the list of tasks is scrolled through, page after page; 0 without any. */
  async longestTaskOfScrolling(): Promise<number> {
    return this.looking('/tasks', async (page) => {
      await until(page, ({ readAt }) => readAt !== null);
      await quiet(page);
      await page.evaluate('watched.longTasks.length = 0');
      for (let turned = 0; turned < PAGES_SCROLLED; turned += 1) {
        await scroll(page, SCROLL_PIXELS);
        await page.getByRole('button', { name: 'Older' }).click();
        await scroll(page, -SCROLL_PIXELS);
      }
      await quiet(page);
      const { longTasks } = await watchedOf(page);
      return Math.max(0, ...longTasks.map(({ ms }) => ms));
    });
  }

  private async looking<Result>(address: string, look: (page: Page) => Promise<Result>): Promise<Result> {
    const { browser, url } = this.visit;
    const context = await browser.newContext({ viewport: VIEWPORT, storageState: this.signedIn });
    await context.addInitScript(WATCH);
    context.on('request', (sent) => {
      if (!sent.url().startsWith(url)) this.foreign.push(sent.url());
    });
    try {
      const page = await context.newPage();
      await page.goto(`${url}${address}`);
      return await look(page);
    } finally {
      await context.close();
    }
  }
}

/** An idle moment of the page, after the frame that is being made. */
async function quiet(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(resolve, { timeout: 5000 })))',
  );
}

/** Asked from outside: the page's own policy lets no text be run in it. */
async function until(page: Page, holds: (watched: Watched) => boolean): Promise<Watched> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const watched = await watchedOf(page);
    if (holds(watched)) return watched;
    if (performance.now() > deadline) throw new Error(`${page.url()} is still being read after a minute`);
    await pause(LOOK_MS);
  }
}

async function scroll(page: Page, pixels: number): Promise<void> {
  for (let step = 0; step < SCROLL_STEPS; step += 1) await page.mouse.wheel(0, pixels);
}

async function watchedOf(page: Page): Promise<Watched> {
  return page.evaluate<Watched>('watched'); // as WATCH makes it
}
