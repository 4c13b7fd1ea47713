import { afterEach, describe, expect, it } from 'vitest';
import { identityOf, SessionReplicas } from '../../../test/fixtures/session-replicas.ts';

describe('a session cookie', () => {
  const replicas = new SessionReplicas();
  afterEach(() => replicas.close());

  it('resolves to the identity of its session', async () => {
    const { authenticator, ...room } = replicas.replica();
    const { cookie } = await replicas.browser({ authenticator, ...room });
    const identity = identityOf(await authenticator.authenticate(cookie));
    expect(identity.principal).toEqual({ userId: 'sub-1@example.com', groups: ['team-a'] });
  });
});
