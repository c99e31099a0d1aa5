import { readyUrl, serviceEnvironment } from './local-service.js';

describe('serviceEnvironment', () => {
  const environment = {
    PATH: '/bin',
    ANTHROPIC_API_KEY: 'sk',
    ANTHROPIC_BASE_URL: 'https://model',
    PORT: '7071',
  };

  test('never lets a started service find a model key, unless told to go live', () => {
    expect(serviceEnvironment(environment, { live: false })).toEqual({ PATH: '/bin', PORT: '7071' });
    expect(serviceEnvironment(environment, { live: true })).toEqual(environment);
  });
});

test('readyUrl finds the line that says so among the lines of a log', () => {
  const log = '{"level":"info","message":"ready soon"}\nready http://127.0.0.1:7070\n{"level":"info"}\n';
  expect(readyUrl(log)).toBe('http://127.0.0.1:7070');
  expect(readyUrl('not ready http://127.0.0.1:7070\n')).toBeNull();
});
