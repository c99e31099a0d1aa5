import path from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';

/**
 * Serves what people look at in a browser: plain files without a secret in them, which read the API with the reader's
 * own key. `pagesDir` holds a folder per page.
 */
export function servePages(app: NestExpressApplication, pagesDir: string): void {
  app.useStaticAssets(pagesDir, { prefix: '/pages/', index: false, redirect: false });
  const express = app.getHttpAdapter().getInstance();
  express.get('/waves/:id', (_request, response) => {
    response.sendFile(path.join(pagesDir, 'wave', 'index.html'), { cacheControl: false });
  });
}
