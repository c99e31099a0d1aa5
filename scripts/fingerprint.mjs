import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * A hash over the paths and contents of `files`, and over `seed`, whatever else the result depends on. Contents
 * and not times: what git checks out is newer than what was built from it, and need not differ.
 */
export function fingerprint(files, seed = '') {
  const hash = createHash('sha256').update(seed);
  for (const file of files)
    hash.update(`\0${file}\0`).update(existsSync(file) ? readFileSync(file) : 'missing');
  return hash.digest('hex');
}

/** All files below `dirs` that `accepts`, sorted; directories named in `skipped` are not entered. */
export function listFiles(dirs, { accepts, skipped = [] }) {
  const files = [];
  const visit = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const entryPath = path.join(dir, entry.name);
      if (entry.isDirectory() && !skipped.includes(entry.name)) visit(entryPath);
      else if (entry.isFile() && accepts(entry.name)) files.push(entryPath);
    }
  };
  for (const dir of dirs) if (existsSync(dir)) visit(dir);
  return files.sort();
}
