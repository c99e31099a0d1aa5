import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MissionHints } from './mission-hints.js';
import { Wavekeeper } from './wavekeeper.js';

let server: Server;
let hints: MissionHints;
let streams: ServerResponse[];
const opened = () => once(server, 'stream');
beforeEach(async () => {
  streams = [];
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    streams.push(response);
    server.emit('stream');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  hints = new MissionHints(new Wavekeeper({ url: `http://127.0.0.1:${port}`, apiKey: 'wk_test' }).client);
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const send = (data: object) => streams.at(-1)?.write(`data: ${JSON.stringify(data)}\n\n`);

/** Listens, and hands over what it heard when it has heard so much. */
function heard(count: number): { missions: Promise<string[]>; stop: () => void } {
  const missions: string[] = [];
  let stop = () => {};
  const all = new Promise<string[]>((resolve) => {
    stop = hints.listen((mission) => {
      missions.push(mission);
      if (missions.length === count) resolve(missions);
    });
  });
  return { missions: all, stop };
}

describe('hints of missions', () => {
  it('reach everybody who listens, by one stream', async () => {
    const stream = opened();
    const [one, two] = [heard(2), heard(2)];
    await stream;
    send({ mission_id: 'msn_1', seq: 1 });
    send({});
    send({ mission_id: 'msn_2', seq: 1 });
    for (const { missions } of [one, two]) expect(await missions).toEqual(['msn_1', 'msn_2']);
    expect(streams).toHaveLength(1);
    one.stop();
    two.stop();
  });

  it('end with the last who listens, and begin again with the next', async () => {
    const first = opened();
    const [one, two] = [heard(1), heard(1)];
    await first;
    const [stream] = streams;
    if (stream === undefined) throw new Error('no stream was opened');
    const closed = once(stream, 'close');
    one.stop();
    send({ mission_id: 'msn_1' });
    await two.missions;
    two.stop();
    await closed;
    const second = opened();
    const three = heard(1);
    await second;
    send({ mission_id: 'msn_3' });
    expect(await three.missions).toEqual(['msn_3']);
    three.stop();
  });

  it('go on by another stream when one ends', async () => {
    const first = opened();
    const listener = heard(1);
    await first;
    const second = opened();
    streams[0]?.end();
    await second;
    send({ mission_id: 'msn_1' });
    expect(await listener.missions).toEqual(['msn_1']);
    listener.stop();
  });
});
