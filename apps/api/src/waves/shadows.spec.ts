import { Shadows } from './shadows.js';

const until = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

describe('Shadows', () => {
  it('runs two of a tenant at once and asks for patience with the third, whatever others do', async () => {
    const shadows = new Shadows();
    const running = [shadows.run('a', until), shadows.run('a', until)];
    await expect(shadows.run('a', until)).rejects.toMatchObject({ status: 429, code: 'too_many_shadows' });
    await expect(shadows.run('b', () => Promise.resolve('done'))).resolves.toBe('done');
    shadows.onModuleDestroy();
    await Promise.all(running);
  });

  it('runs eight in all', async () => {
    const shadows = new Shadows();
    const running = ['a', 'b', 'c', 'd'].flatMap((tenant) => [
      shadows.run(tenant, until),
      shadows.run(tenant, until),
    ]);
    await expect(shadows.run('e', until)).rejects.toMatchObject({ status: 429 });
    shadows.onModuleDestroy();
    await Promise.all(running);
  });

  it('has room again when one has ended, also when it failed', async () => {
    const shadows = new Shadows();
    for (let shadow = 0; shadow < 3; shadow += 1)
      await expect(shadows.run('a', () => Promise.reject(new Error('no answer')))).rejects.toThrow(
        'no answer',
      );
    await expect(shadows.run('a', () => Promise.resolve('done'))).resolves.toBe('done');
  });
});
