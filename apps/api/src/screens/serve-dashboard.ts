import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

/** Where a person signs in; the token of a link stands behind a `#`, which no server and no referrer ever sees. */
export const SIGN_IN_PATH = '/sign-in';

/** The addresses of its screens: all of them are one page, which draws what the address says. */
const SCREENS = /^\/(?:(?:missions|waves|tasks|inbox|webhooks|settings|sign-in)(?:\/[^/]+)?)?\/?$/;
/** Names that carry a hash of what is in the file. */
const HASHED = '/assets/';
const NONCE_PLACE = '{{style-nonce}}';
const NONCE_BYTES = 18;
const ENCODINGS = { br: '.br', gzip: '.gz' } as const;

/**
 * Serves the compiled dashboard: files without a secret in them, which read the API with the session of the browser.
 * What it does not have is left to the API. Throws when it was not built.
 */
export function serveDashboard(app: NestExpressApplication, dashboardDir: string): void {
  const files = listFiles(dashboardDir);
  const page = readPage(dashboardDir);
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    if (SCREENS.test(request.path)) return sendPage(response, page);
    const file = files.get(request.path);
    if (file === undefined) return next();
    return sendFile(request, response, file);
  });
}

interface ServedFile {
  readonly root: string;
  /** Below the root. */
  readonly path: string;
  /** Best first; what was compressed when it was built. */
  readonly encodings: readonly (keyof typeof ENCODINGS)[];
}

/** By address. What is not listed when the service starts is not there. */
function listFiles(dashboardDir: string): ReadonlyMap<string, ServedFile> {
  const names = readdirSync(dashboardDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && entry.name !== 'index.html')
    .map((entry) => path.relative(dashboardDir, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes(`${path.sep}.`));
  const all = new Set(names);
  const encodings = Object.keys(ENCODINGS) as (keyof typeof ENCODINGS)[];
  const isCompressed = (file: string) => Object.values(ENCODINGS).some((suffix) => file.endsWith(suffix));
  return new Map(
    names
      .filter((file) => !isCompressed(file))
      .map((file) => [
        `/${file.split(path.sep).join('/')}`,
        {
          root: dashboardDir,
          path: file,
          encodings: encodings.filter((encoding) => all.has(`${file}${ENCODINGS[encoding]}`)),
        },
      ]),
  );
}

function readPage(dashboardDir: string): readonly string[] {
  const file = path.join(dashboardDir, 'index.html');
  if (!existsSync(file))
    throw new Error(`there is no ${file}: run \`npm run setup\`, which builds the dashboard`);
  return readFileSync(file, 'utf8').split(NONCE_PLACE);
}

/** Styles that the page's own scripts make carry a nonce of this answer; nothing else that is inline is taken. */
function sendPage(response: Response, page: readonly string[]): void {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  response.setHeader(
    'Content-Security-Policy',
    `default-src 'self'; style-src 'self' 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors 'none'`,
  );
  response.setHeader('Cache-Control', 'private, no-cache');
  response.type('html').send(page.join(nonce));
}

function sendFile(request: Request, response: Response, file: ServedFile): void {
  const isHashed = request.path.startsWith(HASHED);
  const encoding = file.encodings.find((name) => request.acceptsEncodings(name) === name);
  response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.type(path.extname(file.path));
  if (file.encodings.length > 0) response.setHeader('Vary', 'Accept-Encoding');
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
  const suffix = encoding === undefined ? '' : ENCODINGS[encoding];
  response.sendFile(`${file.path}${suffix}`, { root: file.root, cacheControl: false });
}
