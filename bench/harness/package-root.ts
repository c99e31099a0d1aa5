import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of package.json: above the sources, and above what was compiled from them. */
export function packageRoot(): string {
  const above = path.resolve(import.meta.dirname, '..', '..');
  return existsSync(path.join(above, 'package.json')) ? above : path.dirname(above);
}
