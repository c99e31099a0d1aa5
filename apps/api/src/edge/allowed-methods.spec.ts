import { AllowedMethods } from './allowed-methods.js';

const methods = new AllowedMethods({
  '/v1/tasks': { get: {}, post: {} },
  '/v1/tasks/{id}': { get: {}, patch: {} },
  '/openapi.json': { get: {} },
});

describe('AllowedMethods', () => {
  it('knows what an address takes, with or without an id, a last slash and its letters’ case', () => {
    expect(methods.allowedFor('/v1/tasks')).toEqual(['GET', 'HEAD', 'POST']);
    expect(methods.allowedFor('/V1/tasks/tsk_1/')).toEqual(['GET', 'HEAD', 'PATCH']);
  });

  it('knows nothing of an address that the API does not have', () => {
    for (const path of ['/v1/tasks/tsk_1/more', '/v1', '/openapi,json', '//v1/tasks'])
      expect(methods.allowedFor(path)).toEqual([]);
  });
});
