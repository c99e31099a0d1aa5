import { encodeId, newUuid, type Actor } from '#contracts';
import type { Tx } from '#database';
import { insertMessage } from './message.store.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { reopenForWork } from './missions.js';

interface NewMessage {
  readonly text: string;
  readonly trusted: boolean;
}

/** Puts a message into the inbox; a trusted one is a person's word and makes the next wave due at once. Returns its id. */
export async function postMessage(
  tx: Tx,
  missionId: string,
  message: NewMessage,
  actor: Actor,
): Promise<string> {
  return inMission(tx, missionId, async (ledger) => {
    reopenForWork(ledger, actor);
    return tellMission(ledger, message, actor);
  });
}

/** The same inside an open ledger, for what a person decides there. */
export async function tellMission(ledger: MissionLedger, message: NewMessage, actor: Actor): Promise<string> {
  const id = newUuid();
  ledger.append({
    type: 'message.received',
    actor,
    data: { message_id: encodeId('message', id), trusted: message.trusted },
  });
  await insertMessage(ledger, { id, seq: ledger.mission.lastEventSeq, ...message });
  ledger.arrive({
    origin: 'outside',
    lane: message.trusted ? 'person' : 'work',
    kind: 'message',
    refId: id,
    body: { text: message.text, trusted: message.trusted },
  });
  return id;
}
