import { describe, expect, it } from 'vitest';
import { reasons, type ReasonCode } from '../kernel/reasons.ts';
import { errorPageView, problemDocument } from './error-view.ts';

const codes = Object.entries(reasons).map(([code]) => code as ReasonCode);

describe('errorPageView', () => {
  it.each(codes)('says of %s what happened, what to do, its code and the request id', (reason) => {
    const view = errorPageView({ reason, requestId: 'r-1' });
    expect(view.title).toBe(reasons[reason].title);
    expect(view.text).toEqual([reasons[reason].advice]);
    expect(view.report).toEqual({ code: reason, requestId: 'r-1' });
  });

  it('leads from a refused sign-in to a new one for the same place', () => {
    const view = errorPageView({
      reason: 'login_attempt_missing',
      requestId: 'r-1',
      returnTo: '/jupyter/?ns=a&b=c#x',
    });
    expect(view.action?.href).toBe('/oauth2/start?rd=%2Fjupyter%2F%3Fns%3Da%26b%3Dc%23x');
  });

  it('tries again by itself where that may help', () => {
    const view = errorPageView({
      reason: 'provider_unavailable',
      requestId: 'r-1',
      retryAfterSec: 7,
      retryHref: '/oauth2/start?rd=%2F',
    });
    const href = '/oauth2/start?rd=%2F';
    expect(view.refresh).toEqual({ seconds: 7, href, withoutScript: false });
    expect(view.action).toEqual({ label: 'Try again', href, kind: 'link' });
  });

  it('does not try again where nothing is known to go to', () => {
    const view = errorPageView({
      reason: 'session_store_unavailable',
      requestId: 'r-1',
      retryAfterSec: 5,
    });
    expect(view.refresh).toBeUndefined();
    expect(view.action).toBeUndefined();
  });
});

describe('problemDocument', () => {
  it('carries the stable code, the request id and the place to sign in', () => {
    expect(problemDocument({ reason: 'sign_in_required', requestId: 'r-1' })).toEqual({
      title: 'You are not signed in.',
      status: 401,
      detail: 'Sign in, or send a valid credential.',
      code: 'sign_in_required',
      request_id: 'r-1',
      login_url: '/oauth2/start',
    });
  });

  it('names no place to sign in where that would not help', () => {
    expect(problemDocument({ reason: 'not_found', requestId: 'r-1' })).not.toHaveProperty(
      'login_url',
    );
  });
});
