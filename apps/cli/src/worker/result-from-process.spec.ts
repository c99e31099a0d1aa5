import fc from 'fast-check';
import { attemptErrorSchema, resultInputSchema } from '#contracts';
import { RESULT_FILE_BYTES_MAX, reportOf, type ProcessEnd, type ResultFile } from './result-from-process.js';

const WELL: ProcessEnd = { exitCode: 0, signal: null, stdout: '', stderr: '' };
const NO_FILE: ResultFile = { kind: 'none' };

describe('reportOf', () => {
  test('takes the first line of stdout as summary and the whole as output', () => {
    const stdout = 'Copied 12 files.\n\nall of them\n';
    expect(reportOf({ ...WELL, stdout }, NO_FILE)).toEqual({
      verb: 'complete',
      result: { summary: 'Copied 12 files.', output: stdout, artifacts: [] },
    });
  });

  test('skips blank lines before the summary', () => {
    expect(reportOf({ ...WELL, stdout: '\n\n  done\n' }, NO_FILE)).toMatchObject({
      result: { summary: 'done' },
    });
  });

  test('completes a command that wrote nothing with a summary that says so', () => {
    expect(reportOf(WELL, NO_FILE)).toMatchObject({
      verb: 'complete',
      result: { summary: 'The command ended well and wrote nothing.' },
    });
  });

  test('prefers the result file to stdout', () => {
    const text = JSON.stringify({ summary: 'from the file', output: { files: 12 } });
    expect(reportOf({ ...WELL, stdout: 'noise' }, { kind: 'written', text })).toEqual({
      verb: 'complete',
      result: { summary: 'from the file', output: { files: 12 }, artifacts: [] },
    });
  });

  test.each([
    ['no JSON', { kind: 'written', text: 'hello' }, 'not JSON'],
    ['no result', { kind: 'written', text: '{"output":1}' }, 'summary'],
    ['too large a file', { kind: 'too_large', bytes: 2_000_000 }, String(RESULT_FILE_BYTES_MAX)],
  ] as [string, ResultFile, string][])(
    'fails an attempt that left %s, and says what is wrong',
    (_name, file, words) => {
      const report = reportOf(WELL, file);
      expect(report).toMatchObject({ verb: 'fail', error: { retryable: true } });
      expect(JSON.stringify(report)).toContain(words);
    },
  );

  test('fails on a non-zero exit code with the last lines of stderr', () => {
    const stderr = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
    const report = reportOf({ ...WELL, exitCode: 3, stderr, stdout: 'half' }, NO_FILE);
    expect(report).toMatchObject({ verb: 'fail', error: { retryable: true } });
    const { message } = (report as Extract<typeof report, { verb: 'fail' }>).error;
    expect(message).toMatch(/^The command ended with exit code 3\.\nline 30\n/);
    expect(message).toMatch(/line 49$/);
  });

  test('names the signal that ended the command', () => {
    expect(reportOf({ ...WELL, exitCode: null, signal: 'SIGKILL' }, NO_FILE)).toMatchObject({
      error: { message: 'The command was ended by SIGKILL.' },
    });
  });

  test('always makes a report that the API takes, whatever the command wrote', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6_000 });
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0, max: 2 }), (stdout, stderr, exitCode) => {
        const report = reportOf(
          { ...WELL, stdout: stdout.toWellFormed().replaceAll('\u0000', ''), stderr, exitCode },
          NO_FILE,
        );
        if (report.verb === 'fail') expect(attemptErrorSchema.safeParse(report.error).success).toBe(true);
        else expect(resultInputSchema.safeParse(report.result).success).toBe(true);
      }),
    );
  });
});
