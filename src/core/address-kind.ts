import { BlockList, isIP } from 'node:net';

/** Where an address lies. `link_local` is also where clouds keep the credentials of the machine; `reserved` is no host. */
export type AddressKind = 'public' | 'loopback' | 'private' | 'link_local' | 'reserved';

/** IANA's registries of special-purpose addresses (RFC 6890), and the metadata services that lie outside of them. */
const RANGES: readonly (readonly [Exclude<AddressKind, 'public'>, string])[] = [
  ['link_local', '169.254.0.0/16 100.100.100.200/32 fe80::/10 fd00:ec2::254/128 fd20:ce::254/128'],
  ['loopback', '127.0.0.0/8 ::1/128'],
  ['private', '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7'],
  [
    'reserved',
    '0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ' +
      '::/128 100::/64 64:ff9b:1::/48 2001::/32 2001:db8::/32 2002::/16 fec0::/10 ff00::/8',
  ],
];

const KINDS = RANGES.map(([kind, ranges]) => ({ kind, list: listOf(ranges.split(' ')) }));

/** The kind of an address as the system's resolver gives it; anything else counts as reserved. */
export function kindOf(address: string): AddressKind {
  const plain = address.replace(/%.*$/, '');
  const version = isIP(plain);
  if (version === 0) return 'reserved';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return KINDS.find(({ list }) => list.check(plain, family))?.kind ?? 'public';
}

/** A list knows `::ffff:127.0.0.1` by itself. Behind NAT64 (RFC 6052) an IPv4 address has another prefix. */
function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    const isFour = isIP(network) === 4;
    list.addSubnet(network, Number(prefix), isFour ? 'ipv4' : 'ipv6');
    if (isFour) list.addSubnet(`64:ff9b::${network}`, 96 + Number(prefix), 'ipv6');
  }
  return list;
}
