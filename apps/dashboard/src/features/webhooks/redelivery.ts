import { client } from '../../api/generated/client.gen.js';

const JSON_BODY = { 'Content-Type': 'application/json' };

/** Sends a delivery once more: the same id, the current secret, one try. */
export async function redeliver(id: string): Promise<void> {
  await client.post({ url: '/v1/webhook-deliveries/{id}/redeliver', path: { id }, throwOnError: true });
}

/** Takes up again all that an endpoint has not got since a time. */
export async function recover(id: string, from: string): Promise<number> {
  const { data } = await client.post<{ 202: { recovered: number } }, unknown, true>({
    url: '/v1/webhook-endpoints/{id}/recover',
    path: { id },
    body: { since: from },
    headers: JSON_BODY,
    throwOnError: true,
  });
  return data.recovered;
}
