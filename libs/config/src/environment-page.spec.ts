import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environmentPage } from './environment-page.js';

describe('environmentPage', () => {
  it('is what docs/environment.md says: after a change run npm run docs', () => {
    const page = fileURLToPath(new URL('../../../docs/environment.md', import.meta.url));
    expect(readFileSync(page, 'utf8')).toBe(environmentPage());
  });
});
