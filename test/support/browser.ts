import type { Browser } from 'playwright-core';
import { startChromium } from '../../bench/harness/browser.js';

/** The one that jest.config.mjs has found. */
export function startBrowser(): Promise<Browser> {
  return startChromium(process.env.TEST_CHROMIUM);
}
