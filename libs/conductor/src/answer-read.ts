import { decodeId, type ReadCall } from '#contracts';
import { cleanText, fencedText, fenceKeys, type FenceKeys } from '#context';
import type { Transactions } from '#database';
import {
  readNamed,
  readText,
  searchTasks,
  textPart,
  type Found,
  type OpenWave,
  type SpilledText,
} from '#ledger';

/**
 * Answers one read with text: facts as they are, everything that somebody outside wrote inside fences. What the wave
 * itself has spilled is read from its memory: the ledger has it only after the commit.
 */
export async function answerRead(
  transactions: Transactions,
  wave: OpenWave,
  call: ReadCall,
  spills: ReadonlyMap<string, SpilledText>,
): Promise<string> {
  const keys = fenceKeys(wave.snapshot.mission.fenceSecretHex);
  return transactions.inTransaction(wave.tenantId, async (tx) => {
    switch (call.tool) {
      case 'ledger_get':
        return foundText(await readNamed(tx, wave.missionId, call.input.refs), keys);
      case 'ledger_search': {
        const { query, state, offset } = call.input;
        const page = await searchTasks(tx, wave.missionId, {
          query,
          state: state ?? null,
          offset: offset ?? 0,
        });
        return `${page.total} found, from offset ${offset ?? 0}:\n${foundText(page.found, keys)}`;
      }
      case 'artifact_read': {
        const { id, offset = 0 } = call.input;
        const spill = spills.get(decodeId('artifact', id) ?? '');
        const part =
          spill === undefined
            ? await readText(tx, wave.missionId, { id, offset })
            : textPart(spill.text, offset);
        if (part === null) return `There is no text ${cleanText(id)} in this mission.`;
        const end = offset + part.bytes;
        return `Bytes ${offset} to ${end} of ${part.sizeBytes}:\n${fencedText('untrusted', keys(id), part.text)}`;
      }
    }
  });
}

function foundText(found: readonly Found[], keys: FenceKeys): string {
  if (found.length === 0) return 'Nothing was found.';
  return found.map((one) => oneText(one, keys)).join('\n');
}

function oneText(one: Found, keys: FenceKeys): string {
  const facts = Object.entries(one.facts).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${JSON.stringify(value)}`],
  );
  const outside = Object.entries(one.outside)
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name}:\n${fencedText('untrusted', keys(`${one.ref}.${name}`), text)}`);
  return [`${one.ref} ${facts.join(' ')}`, ...outside].join('\n');
}
