import { isForeignWrite, saysForeign, type RequestOrigin } from './cross-site.js';

const from = (said: Partial<RequestOrigin>): RequestOrigin => ({
  method: 'POST',
  host: 'wavekeeper.example',
  origin: undefined,
  secFetchSite: undefined,
  ...said,
});

describe('a write with a session', () => {
  it.each<Partial<RequestOrigin>>([
    { secFetchSite: 'same-origin' },
    { secFetchSite: 'none' },
    { origin: 'https://wavekeeper.example' },
    { method: 'GET', secFetchSite: 'cross-site' },
    { method: 'HEAD' },
  ])('is heard when a page of this service sent it, or it changes nothing: %j', (said) => {
    expect(isForeignWrite(from(said))).toBe(false);
  });

  it.each<Partial<RequestOrigin>>([
    {},
    { secFetchSite: 'cross-site' },
    { secFetchSite: 'same-site' },
    { secFetchSite: 'cross-site', origin: 'https://wavekeeper.example' },
    { origin: 'https://evil.example' },
    { origin: 'https://wavekeeper.example:8443' },
    { origin: 'https://wavekeeper.example.evil.example' },
    { origin: 'null' },
    { origin: 'https://wavekeeper.example', host: undefined },
    { method: 'DELETE', secFetchSite: 'cross-site' },
  ])('is refused when it may come from elsewhere: %j', (said) => {
    expect(isForeignWrite(from(said))).toBe(true);
  });

  it('is told from a program, which says nothing of where it comes from', () => {
    expect(saysForeign(from({}))).toBe(false);
    expect(saysForeign(from({ origin: 'https://evil.example' }))).toBe(true);
    expect(saysForeign(from({ secFetchSite: 'cross-site' }))).toBe(true);
    expect(saysForeign(from({ secFetchSite: 'same-origin' }))).toBe(false);
  });
});
