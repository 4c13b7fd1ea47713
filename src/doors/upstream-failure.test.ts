import { describe, expect, it } from 'vitest';
import {
  isConnectionCut,
  isIdempotent,
  UpstreamFailure,
  upstreamReason,
} from './upstream-failure.ts';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('the reason for a failure of an application', () => {
  it.each([
    ['ECONNREFUSED', 'upstream_unreachable'],
    ['ENOTFOUND', 'upstream_unreachable'],
    ['EAI_AGAIN', 'upstream_unreachable'],
    ['EHOSTUNREACH', 'upstream_unreachable'],
    ['ECONNRESET', 'upstream_unreachable'],
    ['EPIPE', 'upstream_unreachable'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'upstream_unreachable'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'upstream_unreachable'],
    ['ETIMEDOUT', 'upstream_timeout'],
    ['HPE_INVALID_CONSTANT', 'upstream_protocol'],
    ['HPE_HEADER_OVERFLOW', 'upstream_protocol'],
    ['ERR_INVALID_CHAR', 'upstream_protocol'],
  ])('%s is %s', (code, reason) => {
    expect(upstreamReason(failure(code))).toBe(reason);
  });

  it('is unreachable for what nobody knows, and our own word for what we say ourselves', () => {
    expect(upstreamReason('text')).toBe('upstream_unreachable');
    expect(upstreamReason(new Error('no code'))).toBe('upstream_unreachable');
    expect(upstreamReason(new UpstreamFailure('upstream_timeout'))).toBe('upstream_timeout');
  });
});

describe('sending a request again', () => {
  it('needs a connection that was cut, and a method that may be repeated', () => {
    expect(
      ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT'].map((code) =>
        isConnectionCut(failure(code)),
      ),
    ).toEqual([true, true, false, false]);
    expect(
      ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH'].filter(isIdempotent),
    ).toEqual(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
  });
});
