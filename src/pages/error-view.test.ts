import { describe, expect, it } from 'vitest';
import type { AccessDetail } from '../access/access-detail.ts';
import { reasons, type ReasonCode } from '../kernel/reasons.ts';
import { errorPageView, problemDocument, type ErrorView } from './error-view.ts';
import { renderPage } from './page-template.ts';

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

  it('leads away from an address that is closed for everybody', () => {
    const view = errorPageView({ reason: 'route_denied', requestId: 'r-1', returnTo: '/debug' });
    expect(view.action).toEqual({ label: 'Go to the start page', href: '/', kind: 'top' });
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

const forbidden = {
  reason: 'namespace_forbidden',
  requestId: 'r-1',
  returnTo: '/notebook/team-a/lab/?x=1',
  userId: 'ann@example.com',
  access: {
    namespace: 'team-a',
    question: 'get notebooks.kubeflow.org/lab in namespace team-a',
    enoughRole: 'viewer',
  },
} as const;

describe('the page about a right that is missing', () => {
  it('says what was asked, what would allow it, and whom to ask', () => {
    const view = errorPageView(forbidden);
    expect(view.title).toBe('You may not do this in this namespace.');
    expect(view.text).toEqual([
      'Ask the owner of the namespace team-a to add you as a contributor; the role viewer is enough.',
    ]);
    expect(view.facts).toEqual([
      { name: 'You are', value: 'ann@example.com' },
      { name: 'Namespace', value: 'team-a' },
      { name: 'Right needed', value: 'get notebooks.kubeflow.org/lab in namespace team-a' },
      { name: 'Enough role', value: 'viewer' },
    ]);
    expect(view.report).toEqual({ code: 'namespace_forbidden', requestId: 'r-1' });
  });

  it('never starts a sign-in, and lets people change the account by signing out', () => {
    const view = errorPageView(forbidden);
    expect(view.action).toEqual({ label: 'Try again', href: forbidden.returnTo, kind: 'link' });
    expect(view.refresh).toBeUndefined();
    expect(view.alternative?.href).toBe(
      '/oauth2/sign_out?rd=%2Fnotebook%2Fteam-a%2Flab%2F%3Fx%3D1',
    );
    const html = renderPage(view);
    expect(html).not.toContain('/oauth2/start');
    expect(html).toContain('target="_top">Sign out, to use another account</a>');
  });

  it('sends people to their owner, or to an administrator, where a contributor’s role is not enough', () => {
    const adviceFor = (access: Partial<AccessDetail>): readonly string[] =>
      errorPageView({ ...forbidden, access: { ...forbidden.access, ...access } }).text;
    expect(adviceFor({ enoughRole: 'owner' })[0]).toContain('Only owners of the namespace team-a');
    expect(adviceFor({ enoughRole: 'administrator', namespace: undefined })).toEqual([
      'Ask an administrator of the cluster; this needs a ClusterRoleBinding.',
    ]);
  });

  it('escapes what came with the request', () => {
    const question = 'get notebooks.kubeflow.org/<script> in namespace team-a';
    const html = renderPage(
      errorPageView({ ...forbidden, access: { ...forbidden.access, question } }),
    );
    expect(html).toContain('/&lt;script&gt; in namespace');
  });
});

describe('the page about a namespace that is being set up', () => {
  it('comes back by itself, without scripts', () => {
    const view = errorPageView({
      reason: 'namespace_being_set_up',
      requestId: 'r-1',
      returnTo: '/jupyter/?ns=mine',
      retryAfterSec: 3,
    });
    expect(renderPage(view)).toContain(
      '<meta http-equiv="refresh" content="3; url=/jupyter/?ns=mine">',
    );
    expect(renderPage(view)).not.toContain('<noscript>');
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

  it('says of a right that is missing what was asked and what would be enough', () => {
    expect(problemDocument(forbidden)).toEqual({
      title: 'You may not do this in this namespace.',
      status: 403,
      detail:
        'Ask the owner of the namespace team-a to add you as a contributor; the role viewer is enough.',
      namespace: 'team-a',
      question: 'get notebooks.kubeflow.org/lab in namespace team-a',
      enough_role: 'viewer',
      code: 'namespace_forbidden',
      request_id: 'r-1',
    });
  });

  it('names no namespace where the whole cluster was asked about', () => {
    const access = { ...forbidden.access, namespace: undefined };
    expect(problemDocument({ ...forbidden, access })).not.toHaveProperty('namespace');
  });

  it.each<ErrorView>([
    { reason: 'not_found', requestId: 'r-1' },
    { reason: 'token_expired', requestId: 'r-1', bearerError: 'invalid_token' },
  ])('names no place to sign in where that would not help: $reason', (view) => {
    expect(problemDocument(view)).not.toHaveProperty('login_url');
  });
});
