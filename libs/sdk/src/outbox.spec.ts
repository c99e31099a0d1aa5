import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Outbox, OutboxFullError, type OutboxEntry } from './outbox.js';

let homeDir: string;
beforeEach(async () => {
  homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-outbox-'));
});
afterEach(() => rm(homeDir, { recursive: true, force: true }));

const URL_OF_SERVICE = 'http://127.0.0.1:7070';
const anEntry = (number = 1): OutboxEntry => ({
  attemptId: `att_${number}`,
  leaseToken: 'token',
  report: { verb: 'complete', result: { summary: 'Done — ✓.', output: { n: number } } },
});
const openOutbox = () => Outbox.open(homeDir, URL_OF_SERVICE);
async function entriesOf(outbox: Outbox): Promise<OutboxEntry[]> {
  const found: OutboxEntry[] = [];
  for await (const entry of outbox.entries()) found.push(entry);
  return found;
}

describe('the outbox', () => {
  it('gives back what it kept to whoever opens it next, until it is forgotten', async () => {
    await (await openOutbox()).keep(anEntry());
    const outbox = await openOutbox();
    expect(await entriesOf(outbox)).toEqual([anEntry()]);
    await outbox.forget('att_1');
    await outbox.forget('att_1');
    expect(await entriesOf(outbox)).toEqual([]);
  });

  it('reads each report in its turn, never all of them at once', async () => {
    const outbox = await openOutbox();
    for (const number of [1, 2]) await outbox.keep(anEntry(number));
    const given: string[] = [];
    for await (const { attemptId } of outbox.entries()) {
      given.push(attemptId);
      await outbox.forget(attemptId === 'att_1' ? 'att_2' : 'att_1');
    }
    expect(given).toHaveLength(1);
  });

  it('keeps one report of an attempt: the last', async () => {
    const outbox = await openOutbox();
    await outbox.keep(anEntry());
    const failure: OutboxEntry = { ...anEntry(), report: { verb: 'fail', error: { message: 'No.' } } };
    await outbox.keep(failure);
    expect(await entriesOf(outbox)).toEqual([failure]);
    expect(await readdir(outbox.directory)).toHaveLength(1);
  });

  it('shows its reports to nobody else on this machine, nor to another service', async () => {
    const outbox = await openOutbox();
    await outbox.keep(anEntry());
    expect((await stat(outbox.directory)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(outbox.directory, 'att_1.json'))).mode & 0o777).toBe(0o600);
    expect(await entriesOf(await Outbox.open(homeDir, 'https://elsewhere.example'))).toEqual([]);
  });

  it('is not confused by what a killed worker has left half written, nor by files of others', async () => {
    const outbox = await openOutbox();
    await outbox.keep(anEntry());
    const put = (name: string, text: string) => writeFile(path.join(outbox.directory, name), text);
    await put('att_2.json.77.tmp', '{"attemptId": "att_2", "lea');
    await put('att_3.json', 'half');
    await put('att_4.json', '{"attemptId": "att_4"}');
    await put('notes.txt', 'mine');
    expect(await entriesOf(outbox)).toEqual([anEntry()]);
    expect((await readdir(outbox.directory)).sort()).toEqual([
      'att_1.json',
      'att_2.json.77.tmp',
      'notes.txt',
    ]);
  });

  it('forgets what nobody waits for any more: reports of a week ago, drafts of an hour ago', async () => {
    const outbox = await openOutbox();
    await outbox.keep(anEntry(1));
    await outbox.keep(anEntry(2));
    await writeFile(path.join(outbox.directory, 'att_3.json.77.tmp'), '');
    const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 3_600_000);
    await utimes(path.join(outbox.directory, 'att_1.json'), daysAgo(8), daysAgo(8));
    await utimes(path.join(outbox.directory, 'att_2.json'), daysAgo(6), daysAgo(6));
    await utimes(path.join(outbox.directory, 'att_3.json.77.tmp'), daysAgo(1), daysAgo(1));
    await openOutbox();
    expect(await readdir(outbox.directory)).toEqual(['att_2.json']);
  });

  it('takes a thousand reports and no more', async () => {
    const outbox = await openOutbox();
    await Promise.all(
      Array.from({ length: 1_000 }, (_, number) =>
        writeFile(path.join(outbox.directory, `att_${number}.json`), JSON.stringify(anEntry(number))),
      ),
    );
    await expect(outbox.keep(anEntry(5_000))).rejects.toThrow(OutboxFullError);
  });

  it('takes no name that leads elsewhere', async () => {
    const outbox = await openOutbox();
    for (const attemptId of ['../att_1', 'att_/x', '', 'att_1.json'])
      await expect(outbox.keep({ ...anEntry(), attemptId })).rejects.toThrow('no id of an attempt');
  });
});
