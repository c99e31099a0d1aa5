import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { metricsPage } from './metrics-page.js';

describe('metricsPage', () => {
  it('is what docs/metrics.md says: after a change run npm run docs', () => {
    const page = fileURLToPath(new URL('../../../docs/metrics.md', import.meta.url));
    expect(readFileSync(page, 'utf8')).toBe(metricsPage());
  });
});
