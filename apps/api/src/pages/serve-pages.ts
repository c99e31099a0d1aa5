import path from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** Where a person signs in; the token of a link stands behind a `#`, which no server and no referrer ever sees. */
export const SIGN_IN_PATH = '/sign-in';

/**
 * Serves what people look at in a browser: plain files without a secret in them, which read the API with the
 * reader's session. `pagesDir` holds a folder per page.
 */
export function servePages(app: NestExpressApplication, pagesDir: string): void {
  app.useStaticAssets(pagesDir, { prefix: '/pages/', index: false, redirect: false });
  const express = app.getHttpAdapter().getInstance();
  for (const [address, page] of [
    ['/waves/:id', 'wave'],
    [SIGN_IN_PATH, 'sign-in'],
  ] as const)
    express.get(address, (_request, response) => {
      response.sendFile(path.join(pagesDir, page, 'index.html'), { cacheControl: false });
    });
}
