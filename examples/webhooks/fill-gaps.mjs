// Reads what a receiver has missed of a mission, from the last seq that it knows.
//   WAVEKEEPER_URL=… WAVEKEEPER_API_KEY=… node examples/webhooks/fill-gaps.mjs msn_… 17
import process from 'node:process';

const { WAVEKEEPER_URL, WAVEKEEPER_API_KEY } = process.env;
const [missionId, lastSeq] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${WAVEKEEPER_API_KEY}` };

let after = Number(lastSeq);
for (;;) {
  const response = await globalThis.fetch(
    `${WAVEKEEPER_URL}/v1/missions/${missionId}/events?after=${after}`,
    {
      headers,
    },
  );
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const { data: events } = await response.json();
  if (events.length === 0) break;
  for (const event of events) process.stdout.write(`${event.seq} ${event.id} ${event.type}\n`);
  after = events.at(-1).seq;
}
