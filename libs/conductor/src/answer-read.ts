import { decodeId, type ReadCall } from '#contracts';
import { cleanText, fencedText, fenceKeys, type FenceKeys } from '#context';
import type { Transactions } from '#database';
import {
  expandDigest,
  readNamed,
  readText,
  searchNotes,
  searchTasks,
  textPart,
  type Found,
  type OpenWave,
  type SpilledText,
  type TextPart,
} from '#ledger';

/** Who reads: whose rows, and with what key their texts are fenced. */
export type ReadingWave = Pick<OpenWave, 'tenantId' | 'missionId'> & {
  readonly snapshot: { readonly mission: Pick<OpenWave['snapshot']['mission'], 'fenceSecretHex'> };
};

/**
 * Answers one read with text: facts as they are, everything that somebody outside wrote inside fences. What the wave
 * itself has spilled is read from its memory: the ledger has it only after the commit.
 */
export async function answerRead(
  transactions: Transactions,
  wave: ReadingWave,
  call: ReadCall,
  spills: ReadonlyMap<string, SpilledText>,
): Promise<string> {
  const keys = fenceKeys(wave.snapshot.mission.fenceSecretHex);
  return transactions.inTransaction(wave.tenantId, async (tx) => {
    switch (call.tool) {
      case 'ledger_get':
        return foundText(await readNamed(tx, wave.missionId, call.input.refs), keys);
      case 'ledger_search': {
        const { query, state = null, in: where = 'tasks', offset = 0 } = call.input;
        const page =
          where === 'notes'
            ? await searchNotes(tx, wave.missionId, { query, offset })
            : await searchTasks(tx, wave.missionId, { query, state, offset });
        return `${page.total} found, from offset ${offset}:\n${foundText(page.found, keys)}`;
      }
      case 'digest_expand': {
        const { ref, offset } = call.input;
        const page = await expandDigest(tx, wave.missionId, { ref, offset: offset ?? 0 });
        if (page === null) return `There is no digest ${cleanText(ref)} in this mission.`;
        return `${page.total} under ${ref}, oldest first, from offset ${offset ?? 0}:\n${foundText(page.found, keys)}`;
      }
      case 'artifact_read': {
        const { id, offset = 0 } = call.input;
        const spill = spills.get(decodeId('artifact', id) ?? '');
        const part =
          spill === undefined
            ? await readText(tx, wave.missionId, { id, offset })
            : textPart(spill.text, offset);
        return partText(part, { id, offset }, keys);
      }
    }
  });
}

function partText(
  part: TextPart | null,
  { id, offset }: { readonly id: string; readonly offset: number },
  keys: FenceKeys,
): string {
  if (part === null) return `There is no text ${cleanText(id)} in this mission.`;
  const said = fencedText(part.frame ?? 'untrusted', keys(id), part.text);
  return `Bytes ${offset} to ${offset + part.bytes} of ${part.sizeBytes}:\n${said}`;
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
    .map(
      ([name, text]) => `${name}:\n${fencedText(one.frame ?? 'untrusted', keys(`${one.ref}.${name}`), text)}`,
    );
  return [`${one.ref} ${facts.join(' ')}`, ...outside].join('\n');
}
