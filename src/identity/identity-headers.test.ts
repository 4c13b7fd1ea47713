import { describe, expect, it } from 'vitest';
import { identityHeaders } from './identity-headers.ts';

const names = { userIdHeader: 'kubeflow-userid', groupsHeader: 'kubeflow-groups' };

describe('identity headers', () => {
  it('name the user, and the groups joined by commas', () => {
    const headers = identityHeaders({ userId: 'user@example.com', groups: ['a', 'b c'] }, names);
    expect(headers).toEqual([
      ['kubeflow-userid', 'user@example.com'],
      ['kubeflow-groups', 'a,b c'],
    ]);
  });

  it('are never sent without a value', () => {
    const headers = identityHeaders({ userId: 'user@example.com', groups: [] }, names);
    expect(headers).toEqual([['kubeflow-userid', 'user@example.com']]);
  });

  it('go out as UTF-8, byte for byte what the session JWT says', () => {
    const [user, groups] = identityHeaders({ userId: 'zoë@例え.jp', groups: ['Größe'] }, names);
    expect(Buffer.from(user?.[1] ?? '', 'latin1').toString('utf8')).toBe('zoë@例え.jp');
    expect(Buffer.from(groups?.[1] ?? '', 'latin1').toString('utf8')).toBe('Größe');
  });
});
