import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { personKey, providerSidKey } from './person-key.ts';

describe('the names of persons and provider sessions in a store', () => {
  const text = fc.string();

  it('differ as soon as issuer, client or name differ', () => {
    const client = fc.record({ issuer: text, clientId: text, sub: text });
    fc.assert(
      fc.property(client, client, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(personKey(one) === personKey(other)).toBe(isSame);
      }),
    );
    expect(personKey({ issuer: 'a', clientId: 'b"c', sub: 'd' })).not.toBe(
      personKey({ issuer: 'a', clientId: 'b', sub: '"c"d' }),
    );
  });

  it('are not those of the other kind', () => {
    const client = { issuer: 'issuer', clientId: 'client' };
    expect(personKey({ ...client, sub: 'same' })).not.toBe(providerSidKey(client, 'same'));
  });

  it('show nothing of the person', () => {
    expect(personKey({ issuer: 'i', clientId: 'c', sub: 'sub-1' })).toMatch(/^[\w-]{43}$/);
  });
});
