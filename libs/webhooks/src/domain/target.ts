import ipaddr from 'ipaddr.js';

/** Of the networks in use on the internet, IPv6 has only this one; the rest of its space is reserved or embeds IPv4. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/** Servers that could take an HTTP request for commands of their own: ssh, telnet and mail. All other ports are free. */
const REFUSED_PORTS = new Set(['22', '23', '25', '110', '143', '465', '587', '993', '995']);

/** A network that webhooks may reach although it is not public. */
export type AllowedNetwork = ReturnType<typeof ipaddr.parseCIDR>;

export type TargetRefusal =
  'invalid_url' | 'scheme_not_allowed' | 'credentials_in_url' | 'port_not_allowed' | 'address_not_allowed';

export type Target =
  { readonly allowed: true; readonly url: URL } | { readonly allowed: false; readonly reason: TargetRefusal };

/**
 * Whether a webhook may be sent to `address` as far as its text tells. WHATWG parsing has undone every disguise of an IP
 * address (`0x7f.1`, `2130706433`, circled digits); a host name is judged once more by what it resolves to.
 */
export function judgeTarget(address: string, allowedNetworks: readonly AllowedNetwork[]): Target {
  if (!URL.canParse(address)) return { allowed: false, reason: 'invalid_url' };
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { allowed: false, reason: 'scheme_not_allowed' };
  if (url.username !== '' || url.password !== '') return { allowed: false, reason: 'credentials_in_url' };
  if (REFUSED_PORTS.has(url.port)) return { allowed: false, reason: 'port_not_allowed' };
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(literal) && !isAllowedAddress(literal, allowedNetworks))
    return { allowed: false, reason: 'address_not_allowed' };
  return { allowed: true, url };
}

/** True for a public IP address, or one in an allowed network. What is no IP address is not allowed. */
export function isAllowedAddress(address: string, allowedNetworks: readonly AllowedNetwork[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const ip = ipaddr.process(address); // ::ffff:10.0.0.1 is 10.0.0.1
  if (allowedNetworks.some((network) => network[0].kind() === ip.kind() && ip.match(network))) return true;
  return ip.range() === 'unicast' && (ip.kind() === 'ipv4' || ip.match(GLOBAL_IPV6));
}

/** Reads the allow-list, such as `['10.1.0.0/16', 'fd00::/8']`; throws at the first that is no network. */
export function parseAllowedNetworks(cidrs: readonly string[]): AllowedNetwork[] {
  return cidrs.map((cidr) => {
    if (!ipaddr.isValidCIDR(cidr)) throw new Error(`"${cidr}" is no network; write it like 10.1.0.0/16`);
    return ipaddr.parseCIDR(cidr);
  });
}
