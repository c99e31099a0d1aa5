import path from 'node:path';
import type { Config } from '#config';
import { readBackupHeader, restore, type BackupHeader } from '#database';
import { masterKeyId } from '#tenancy';
import { examine, verdict } from './doctor.js';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';
import { openUnusedLedger } from './open-ledger.js';
import { packageRoot } from './package-root.js';
import type { Session } from './session.js';
import { count } from './text-layout.js';
import { makeHome, readMasterKeys } from './up-home.js';

/** Fills an empty database from a backup, then examines it; 1 when an invariant is broken. */
export async function restoreBackup(
  session: Session,
  file: string,
  options: { readonly json?: true; readonly otherKey?: true },
): Promise<number> {
  const { terminal, config } = session;
  const header = await readBackupHeader(file);
  if (options.otherKey !== true) await requireItsKey(config, header);
  await makeHome(config.homeDir);
  const database = await openUnusedLedger(config);
  try {
    const restored = await restore(database.url, file, {
      migrationsDir: path.join(packageRoot(), 'prisma', 'migrations'),
      onProgress: ({ table, rows }) => terminal.progress(`${count(rows, 'row')}, now of ${table}`),
    });
    const { findings } = await examine(terminal, database.url);
    if (options.json) terminal.printJson({ ...restored, invariants: findings });
    else
      terminal.print(
        `${count(restored.rows, 'row')} of ${count(restored.tenants, 'tenant')}, as of ${restored.taken_at}; ${count(findings.length, 'invariant')} examined`,
      );
    terminal.note(
      'Leases of work that was under way run out, and the work goes on, when a service is started.',
    );
    return verdict(terminal, findings);
  } finally {
    await database.close();
  }
}

async function requireItsKey(config: Config, { master_key_ids: wanted }: BackupHeader): Promise<void> {
  const known = (await readMasterKeys(config)).map(masterKeyId);
  const missing = wanted.filter((id) => !known.includes(id));
  if (missing.length === 0) return;
  const here = known.length === 0 ? 'there is none here yet' : `here it is ${known.join(', ')}`;
  throw new CommandFailure(
    `The secrets in this backup open with the master key ${missing.join(', ')}; ${here}.`,
    EXIT.conflict,
    `Set WAVEKEEPER_MASTER_KEY to it, or put secrets.json of the old home into ${config.homeDir}. Or restore with --other-key: then webhooks, model keys and kept answers have to be set up anew.`,
  );
}
