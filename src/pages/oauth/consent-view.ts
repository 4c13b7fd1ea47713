// Owns what the page says that asks whether a program may sign in for the person.
import { COMMAND_LINE_CLIENT_ID } from '../../identity/oauth/command-line-client.ts';
import type { LoginWish } from '../../identity/oauth/login-wish.ts';
import { parseTokenScope } from '../../identity/bearer/token-scope.ts';
import { CONSENT_PATH, UNHURRIED_SCRIPT_PATH } from '../own-paths.ts';
import type { PageView } from '../page-template.ts';
import { scopeText } from '../scope-text.ts';
import { timeText } from '../tokens/time-text.ts';

/** Where the program is that asks. */
export type ConsentPlace =
  /** On the person's machine, at this loopback address. */
  | { readonly kind: 'here'; readonly redirectUri: string }
  /** Wherever this code is shown. */
  | { readonly kind: 'device'; readonly userCode: string };

export interface Consent {
  readonly userId: string;
  readonly wish: LoginWish;
  readonly place: ConsentPlace;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** What the buttons prove that this page was shown. */
  readonly ticket: string;
}

/** Shows the wish as it will be granted, and where what comes of it goes. */
export function consentView({ userId, wish, place, nowMs, ticket }: Consent): PageView {
  const scope = parseTokenScope(wish.scope);
  return {
    title: 'Allow the command line to act as you?',
    text: [warnings[place.kind], ...(scope === undefined ? [] : scopeText(scope))],
    facts: [
      placeFact(place),
      { name: 'Program', value: COMMAND_LINE_CLIENT_ID },
      { name: 'Login', value: wish.name },
      { name: 'Acts as', value: userId },
      { name: 'Scope', value: wish.scope },
      { name: 'Until', value: timeText(nowMs + wish.lifetimeMs) },
    ],
    forms: [
      {
        method: 'post',
        href: CONSENT_PATH,
        fields: [{ kind: 'hidden', name: 'ticket', value: ticket }],
        buttons: [
          { label: 'Allow', name: 'decision', value: 'allow' },
          { label: 'Refuse', name: 'decision', value: 'refuse', isQuiet: true },
        ],
      },
    ],
    script: UNHURRIED_SCRIPT_PATH,
  };
}

export const allowedDeviceView: PageView = {
  title: 'Your device is signed in',
  text: ['Go back to it: it goes on by itself within seconds. You can close this page.'],
};

export const refusedDeviceView: PageView = {
  title: 'Your device is not signed in',
  text: ['Nothing was allowed. You can close this page.'],
};

const warnings: Readonly<Record<ConsentPlace['kind'], string>> = {
  here: 'A program on this computer asks for it. Go on only if you have just started "kubeflow-auth-gateway login" yourself.',
  device:
    'A device asks for it. Go on only if you have just started "kubeflow-auth-gateway login" there yourself, and it shows this very code.',
};

function placeFact(place: ConsentPlace): { readonly name: string; readonly value: string } {
  return place.kind === 'here'
    ? { name: 'Goes to', value: place.redirectUri }
    : { name: 'Code', value: place.userCode };
}
