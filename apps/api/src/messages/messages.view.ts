import type { z } from 'zod';
import { encodeId, encodeOptionalId, type messageSchema } from '#contracts';
import type { MessageRead } from '#ledger';

export function messageView(message: MessageRead): z.output<typeof messageSchema> {
  return {
    id: encodeId('message', message.id),
    seq: message.seq,
    text: message.text,
    trusted: message.trusted,
    created_at: message.createdAt.toISOString(),
    seen_by_wave: encodeOptionalId('wave', message.seenByWave),
    decisions: [...message.decisions],
  };
}
