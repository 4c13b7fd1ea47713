// Owns the answers that doors give in an application's place.
import type { LoginFlow } from '../identity/login/login-flow.ts';
import { errorPageView, framePageView, problemDocument, type ErrorView } from './error-view.ts';
import { startAddress } from './own-paths.ts';
import { renderPage } from './page-template.ts';
import { answerHeaders, pageHeaders, standInPolicy } from './security-headers.ts';

export interface StandIn {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface StandIns {
  /** A page for a person; its status is the reason's. */
  errorPage(view: ErrorView): StandIn;
  /** A page for a frame, with a link that signs in at the top. */
  framePage(view: ErrorView): StandIn;
  /** A problem document (RFC 9457) for a program. */
  problem(view: ErrorView): StandIn;
  /** The path that starts a sign-in and returns to `returnTo`, a path on this site. */
  signInAddress(returnTo: string): string;
}

export function createStandIns(login: Pick<LoginFlow, 'providerOrigin'>): StandIns {
  const headers = (): Readonly<Record<string, string>> => pageHeaders(standInPolicy(login));
  return {
    errorPage: (view) => ({ headers: headers(), body: renderPage(errorPageView(view)) }),
    framePage: (view) => ({ headers: headers(), body: renderPage(framePageView(view)) }),
    problem: (view) => ({
      headers: { ...answerHeaders, 'Content-Type': 'application/problem+json' },
      body: JSON.stringify(problemDocument(view)),
    }),
    signInAddress: startAddress,
  };
}
