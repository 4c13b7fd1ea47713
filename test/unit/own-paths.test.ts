// Three rooms know the gateway's own paths, and none may import another: here they must agree.
import { describe, expect, it } from 'vitest';
import { contradictions } from '../../src/config/rules.ts';
import { oidc } from '../../src/config/sections/provider.ts';
import { upstreams } from '../../src/config/sections/forwarding.ts';
import { readReturnAddress } from '../../src/identity/login/return-address.ts';
import * as ownPaths from '../../src/pages/own-paths.ts';

const paths = Object.values(ownPaths).filter((each) => typeof each === 'string');

describe("the gateway's own paths", () => {
  it.each(paths)('%s never reaches an application', (path) => {
    expect(ownPaths.isOwnPath(path)).toBe(true);
  });

  it.each(paths)('%s cannot be the prefix of an upstream', (prefix) => {
    const configured = upstreams.parse([{ prefix, url: 'http://application' }]);
    const problems = contradictions({ upstreams: configured });
    expect(problems.map(({ path }) => path)).toEqual(['upstreams[0].prefix']);
  });

  it.each([
    ownPaths.START_PATH,
    ownPaths.CALLBACK_PATH,
    ownPaths.SIGN_IN_PATH,
    ownPaths.SIGN_OUT_PATH,
    ownPaths.LOGOUT_PATH,
    ownPaths.BACK_CHANNEL_LOGOUT_PATH,
  ])('%s is no place to return to after signing in', (path) => {
    expect(readReturnAddress(path)).toEqual({ kind: 'refused' });
  });

  it('the provider sends browsers back to the callback', () => {
    const { redirectUri } = oidc.parse({ issuer: 'https://issuer.example.com' });
    expect(redirectUri).toBe(ownPaths.CALLBACK_PATH);
  });
});
