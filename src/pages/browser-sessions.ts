// Owns what the pages do with a browser's session: make it at sign-in, end it at sign-out.
import type { Request, Response } from 'express';
import type { CompletedLogin, ProviderTokens } from '../identity/login/completed-login.ts';

/** Both reject with StoreUnavailable, and then nothing has changed for the browser. */
export interface BrowserSessions {
  /** Makes the session of a completed login under a new id; whatever was before is ended. */
  establish(req: Request, res: Response, login: CompletedLogin): Promise<void>;
  /** Ends the session everywhere and clears its cookie; returns the provider's tokens. */
  end(req: Request, res: Response): Promise<ProviderTokens | undefined>;
  /** Clears a session cookie that names no live session. */
  clearCookie(res: Response): void;
}
