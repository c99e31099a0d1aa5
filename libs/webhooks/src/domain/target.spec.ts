import fc from 'fast-check';
import { INTERNAL_HOSTS } from '../../test/internal-hosts.js';
import { isAllowedAddress, judgeTarget, parseAllowedNetworks } from './target.js';

describe('judgeTarget', () => {
  it.each(INTERNAL_HOSTS)('refuses http://%s', (host) => {
    for (const address of [`http://${host}/`, `https://${host}:8443/x`])
      expect(judgeTarget(address, [])).toEqual({ allowed: false, reason: 'address_not_allowed' });
  });

  it.each([
    ['', 'invalid_url'],
    ['/hook', 'invalid_url'],
    ['http://', 'invalid_url'],
    ['http://[fe80::1%25eth0]/', 'invalid_url'],
    ['http://256.0.0.1/', 'invalid_url'],
    ['file:///etc/passwd', 'scheme_not_allowed'],
    ['ftp://example.com/', 'scheme_not_allowed'],
    ['gopher://127.0.0.1:6379/_INFO', 'scheme_not_allowed'],
    ['javascript:alert(1)', 'scheme_not_allowed'],
    ['data:text/plain,x', 'scheme_not_allowed'],
    ['http://user@example.com/', 'credentials_in_url'],
    ['http://user:password@example.com/', 'credentials_in_url'],
    ['http://example.com:80@127.0.0.1/', 'credentials_in_url'],
    ['http://example.com:25/', 'port_not_allowed'],
    ['https://example.com:22/', 'port_not_allowed'],
  ])('refuses %s: %s', (address, reason) => {
    expect(judgeTarget(address, [])).toEqual({ allowed: false, reason });
  });

  it.each([
    'https://example.com/hook',
    'http://example.com:8080/hook?x=1',
    'https://8.8.8.8/',
    'https://[2001:4860:4860::8888]/',
    'https://[::ffff:8.8.8.8]/',
    'http://localhost/', // a name: judged by what it resolves to
  ])('lets %s pass', (address) => {
    expect(judgeTarget(address, [])).toEqual({ allowed: true, url: new URL(address) });
  });

  it('lets a private address pass when the operator allowed its network, in every spelling', () => {
    const loopback = parseAllowedNetworks(['127.0.0.0/8', '::1/128']);
    for (const host of ['127.0.0.1', '127.1', '2130706433', '[::ffff:127.0.0.1]', '[::1]'])
      expect(judgeTarget(`http://${host}:9000/`, loopback).allowed).toBe(true);
    for (const host of ['10.0.0.1', '169.254.169.254', '[fe80::1]'])
      expect(judgeTarget(`http://${host}:9000/`, loopback).allowed).toBe(false);
  });
});

describe('isAllowedAddress', () => {
  const octet = fc.nat({ max: 255 });

  it('never allows an IPv4 address of a private network, as IPv4 or inside IPv6', () => {
    const aPrivateAddress = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    );
    fc.assert(
      fc.property(
        aPrivateAddress,
        fc.constantFrom('', '::ffff:', '::', '64:ff9b::', '::ffff:0:'),
        (octets, prefix) => {
          expect(isAllowedAddress(prefix + octets.join('.'), [])).toBe(false);
        },
      ),
    );
  });

  it('never allows an IPv6 address outside 2000::/3', () => {
    const group = fc.nat({ max: 0xffff });
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const isMapped = groups.slice(0, 5).every((value) => value === 0) && groups[5] === 0xffff;
        fc.pre((groups[0] ?? 0) >> 13 !== 1 && !isMapped);
        expect(isAllowedAddress(groups.map((value) => value.toString(16)).join(':'), [])).toBe(false);
      }),
    );
  });

  it('refuses what is no address', () => {
    for (const text of ['', 'localhost', 'example.com', '1.2.3.4.5', '::g'])
      expect(isAllowedAddress(text, [])).toBe(false);
  });
});

describe('parseAllowedNetworks', () => {
  it('names the entry that is no network', () => {
    expect(() => parseAllowedNetworks(['10.0.0.0/8', '10.0.0.1'])).toThrow('"10.0.0.1" is no network');
    expect(() => parseAllowedNetworks(['10.0.0.0/33'])).toThrow('"10.0.0.0/33" is no network');
  });
});
