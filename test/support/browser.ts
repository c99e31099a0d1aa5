import { chromium, type Browser } from 'playwright-core';

/** A headless Chromium of Debian's: the one that jest.config.mjs has found. */
export function startBrowser(): Promise<Browser> {
  const executablePath = process.env.TEST_CHROMIUM;
  if (executablePath === undefined) throw new Error('there is no Chromium; see jest.config.mjs');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', // it may run as root, on nothing but our own pages
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}
