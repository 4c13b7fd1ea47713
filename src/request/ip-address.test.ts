import { describe, expect, it } from 'vitest';
import { AddressRanges, canonicalAddress } from './ip-address.ts';

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ])('%s is %s', (text, address) => {
    expect(canonicalAddress(text)).toBe(address);
  });

  it.each([
    '',
    'a',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.4:80',
    '[::1]',
    '::g',
    '::ffff:1.2.3',
  ])('%j is not an address', (text) => {
    expect(canonicalAddress(text)).toBeUndefined();
  });
});

describe('AddressRanges', () => {
  it.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
  ])('%s holds %s: %s', (cidr, address, isInside) => {
    const ranges = new AddressRanges([cidr]);
    expect(ranges.has(address)).toBe(isInside);
    expect(ranges.has(address)).toBe(isInside);
  });

  it('holds nothing when there are no ranges', () => {
    expect(new AddressRanges([]).has('127.0.0.1')).toBe(false);
  });

  it('stays right for more addresses than it remembers', () => {
    const ranges = new AddressRanges(['10.0.0.0/16']);
    for (let index = 0; index < 3000; index++) {
      const address = `10.${index % 2}.${index >> 8}.${index & 255}`;
      expect(ranges.has(address)).toBe(index % 2 === 0);
    }
  });

  it.each([
    '',
    'a',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0/8',
    '::ffff:10.0.0.0/95',
    'fe80::1%eth0',
    '10.0.0.0/0x8',
  ])('refuses %j', (cidr) => {
    expect(() => new AddressRanges([cidr])).toThrow(RangeError);
  });
});
