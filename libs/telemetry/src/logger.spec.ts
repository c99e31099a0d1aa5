import { jest } from '@jest/globals';
import { createLogger, silentLogger } from './logger.js';

const KEY = `wk_live_${'k'.repeat(49)}`;

describe('createLogger', () => {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  const isTerminal = Reflect.get(process.stdout, 'isTTY') as boolean | undefined;

  const showOn = (terminal: boolean): void => {
    Object.defineProperty(process.stdout, 'isTTY', { value: terminal, configurable: true });
  };
  const written = (): Record<string, unknown> => JSON.parse(lines[0] ?? '');

  beforeEach(() => {
    lines.length = 0;
    showOn(false);
  });
  afterAll(() => {
    write.mockRestore();
    Object.defineProperty(process.stdout, 'isTTY', { value: isTerminal, configurable: true });
  });

  it('writes one line of JSON with time, level and fields', () => {
    createLogger('info').info({ mission: 'msn_1' }, 'a wave began');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('}\n')).toBe(true);
    expect(written()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      mission: 'msn_1',
      msg: 'a wave began',
    });
  });

  it('writes nothing below its level', () => {
    createLogger('warn').info('too quiet');
    silentLogger.error('quieter still');
    expect(lines).toEqual([]);
  });

  it('tells an error by name, message, code and stack, and by no other field', () => {
    const error = Object.assign(new TypeError('broken'), {
      code: 'P2002',
      row: { title: 'somebody’s text' },
    });
    createLogger('info').error({ err: error }, 'it failed');
    expect(written()['err']).toEqual({
      name: 'TypeError',
      message: 'broken',
      code: 'P2002',
      stack: error.stack,
    });
  });

  it('tells an error that has neither code nor stack by what it has', () => {
    const error = Object.assign(new Error('bare'), { code: 7, stack: undefined });
    createLogger('info').error({ err: error }, 'it failed');
    expect(written()['err']).toEqual({ name: 'Error', message: 'bare' });
  });

  it('lets no secret out, in message, field or error', () => {
    const error = new Error(`refused:\n${KEY}`);
    createLogger('info').error({ err: error, header: `Bearer ${KEY}` }, `the key ${KEY}`);
    expect(lines.join('')).not.toContain('kkkk');
    expect(written()['msg']).toBe('the key wk_…');
  });

  it('shows no field whose name says that it is secret', () => {
    createLogger('info').info(
      { cookie: 'a=b', request: { authorization: 'Basic eA==', method: 'GET' } },
      'x',
    );
    expect(written()).toMatchObject({ cookie: '…', request: { authorization: '…', method: 'GET' } });
  });

  it('writes a short line on a terminal, scrubbed too, with the stack of an error below it', () => {
    showOn(true);
    const error = new Error('broken');
    createLogger('info').warn({ wave: 'wav_1', err: error }, `no ${KEY}`);
    const [first, ...rest] = (lines[0] ?? '').trimEnd().split('\n');
    expect(first).toMatch(/^\d\d:\d\d:\d\d warn {2}no wk_… wave=wav_1$/);
    expect(rest.join('\n')).toBe(error.stack);
  });

  it('writes a line without an error as one line', () => {
    showOn(true);
    createLogger('info').info('ready');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}ready \n$/);
  });
});
