import { errorOf, NoServiceError, NotFoundError, TaskFailedError, WaitTimeoutError } from './errors.js';
import type { Task } from './generated/index.js';
import { waitForTask } from './wait-for-task.js';

const aTask = (state: Task['state']): Task =>
  ({ id: 'tsk_1', ref: 'T1', mission_id: 'msn_1', state, state_reason: null }) as Task; // what else it has nobody reads

/** Hints that a test gives, and how many still listen for them. */
class GivenHints {
  readonly listeners = new Set<(missionId: string) => void>();

  listen(listener: (missionId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  give(missionId: string): void {
    for (const tell of this.listeners) tell(missionId);
  }
}

let hints: GivenHints;
beforeEach(() => {
  hints = new GivenHints();
});
afterEach(() => {
  expect(hints.listeners.size).toBe(0); // whatever came of it
});

/** Reads what stands next in the list; the last of it again and again. */
function reading(...answers: (Task | Error)[]): () => Promise<Task> {
  return () => {
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? new Error('nothing to read');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
}

describe('waitForTask', () => {
  it('gives a task that has completed', async () => {
    await expect(waitForTask(reading(aTask('completed')), hints)).resolves.toMatchObject({
      state: 'completed',
    });
  });

  it.each(['failed', 'canceled'] as const)('throws for a task that has %s, with the task', async (state) => {
    const failure = await waitForTask(reading(aTask(state)), hints).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TaskFailedError);
    expect(failure).toMatchObject({ task: { state } });
  });

  it('looks again by itself, and sooner when its mission is hinted at, also while it reads', async () => {
    const states: Task['state'][] = ['queued', 'working', 'completed'];
    let reads = 0;
    const read = () => {
      const task = aTask(states[reads] ?? 'completed');
      reads += 1;
      if (reads === 2) hints.give('msn_1');
      return Promise.resolve(task);
    };
    await waitForTask(read, hints);
    expect(reads).toBe(3);
  });

  it('is not woken by other missions', async () => {
    let reads = 0;
    const stop = new AbortController();
    const read = () => {
      reads += 1;
      setImmediate(() => {
        for (let times = 0; times < 100; times += 1) hints.give('msn_2');
        stop.abort(new Error('enough'));
      });
      return Promise.resolve(aTask('working'));
    };
    await expect(waitForTask(read, hints, { signal: stop.signal })).rejects.toThrow('enough');
    expect(reads).toBe(1);
  });

  it('goes on while the service cannot be reached, and not when it says no', async () => {
    const away = new NoServiceError('http://127.0.0.1:1', null);
    await expect(waitForTask(reading(away, aTask('completed')), hints)).resolves.toMatchObject({ ref: 'T1' });
    const gone = errorOf(new Response(null, { status: 404 }), {
      ...{ type: '', title: '', status: 404, detail: '', instance: '', code: 'not_found' },
      ...{ retryable: false, errors: [] },
    });
    await expect(waitForTask(reading(gone), hints)).rejects.toBeInstanceOf(NotFoundError);
    await expect(waitForTask(reading(away), hints, { timeoutMs: 0 })).rejects.toBe(away);
  });

  it('says what the task was like when the time was up', async () => {
    const failure = await waitForTask(reading(aTask('working')), hints, { timeoutMs: 0 }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(WaitTimeoutError);
    expect(failure).toMatchObject({ task: { state: 'working' } });
  });
});
