import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { backUp } from '#database';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';
import { openLedger } from './open-ledger.js';
import type { Session } from './session.js';
import { count } from './text-layout.js';

const BYTES_PER_MB = 1_000_000;

/** Writes the ledger to a file that is not there yet, of one moment, whether or not the service runs. */
export async function backup(session: Session, file: string, options: { json?: true }): Promise<number> {
  const { terminal } = session;
  if (existsSync(file))
    throw new CommandFailure(
      `${file} is there already.`,
      EXIT.conflict,
      'Name a new file, or remove that one.',
    );
  const database = await openLedger(session.config);
  try {
    const summary = await backUp(database.url, file, ({ table, rows }) =>
      terminal.progress(`${count(rows, 'row')}, now of ${table}`),
    );
    terminal.progress('');
    const { size: bytes } = await stat(file);
    if (options.json) terminal.printJson({ file, bytes, ...summary });
    else
      terminal.print(
        `${file}  ${(bytes / BYTES_PER_MB).toFixed(1)} MB  ${count(summary.rows, 'row')} of ${count(summary.tenants, 'tenant')}  as of ${summary.taken_at}`,
      );
    terminal.note(keyReminder(summary.master_key_ids));
    return EXIT.ok;
  } finally {
    await database.close();
  }
}

function keyReminder(ids: readonly string[]): string {
  if (ids.length === 0)
    return 'No secret is sealed in it yet. Keep the master key all the same; it is not in the backup.';
  return `The master key ${ids.join(', ')} is not in it, and without it nothing opens the tenants' secrets: keep WAVEKEEPER_MASTER_KEY, or secrets.json of the home, apart from the backup.`;
}
