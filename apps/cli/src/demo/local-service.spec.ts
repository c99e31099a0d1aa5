import { serviceEnvironment } from './local-service.js';

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
