import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** A headless Chromium: Debian's, unless another one is named. */
export function startChromium(executablePath = PATHS.find((path) => existsSync(path))): Promise<Browser> {
  if (executablePath === undefined)
    throw new Error(`there is no Chromium at ${PATHS.join(' or ')} (Debian: apt-get install chromium)`);
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
