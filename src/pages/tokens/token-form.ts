// Owns the form that asks for a token, and reading what it sends.
import {
  ALL_MY_PIPELINES,
  formatTokenScope,
  parseTokenScope,
  type TokenScope,
} from '../../identity/bearer/token-scope.ts';
import type { Parameters } from '../../identity/oauth/parameters.ts';
import { isGrantable } from '../../identity/personal-tokens/token-wish.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseDurationMs, SECOND_MS } from '../../kernel/duration.ts';
import { NEW_TOKEN_PATH } from '../own-paths.ts';
import type { FormField, PageForm } from '../page-form.ts';
import type { SignInAction } from '../sign-in-action.ts';

export type NewToken = Extract<SignInAction, { kind: 'create-token' }>;

const LONGEST_NAME = 64;
const LIVES_DAYS = [1, 7, 30, 90, 365];
const USUAL_DAYS = 30;

/** `maxLifetimeMs` is the longest life that can be chosen. */
export function newTokenForm(maxLifetimeMs: number): PageForm {
  return {
    method: 'get',
    href: NEW_TOKEN_PATH,
    heading: 'Make a token',
    fields: [nameField, expiresField(maxLifetimeMs), effectField, ...placeFields],
    buttons: [{ label: 'Sign in to make it' }],
  };
}

/** What the form asks for; undefined when no token can be made of it, which nobody should sign in for. */
export function readNewToken(sent: Parameters, maxLifetimeMs: number): NewToken | undefined {
  const name = (sent.get('name') ?? '').trim();
  const lifetimeMs = parseDurationMs(sent.get('expires') ?? '') ?? NaN;
  const scope = readScope(sent);
  if (scope === undefined || !isGrantable({ name, scope, lifetimeMs }, maxLifetimeMs))
    return undefined;
  return { kind: 'create-token', name, scope: formatTokenScope(scope), lifetimeMs };
}

function readScope(sent: Parameters): TokenScope | undefined {
  const effect = sent.get('effect');
  if (effect !== 'read' && effect !== 'write') return undefined;
  const names = [
    effect,
    ...wordsOf(sent.get('classes')).map((name) => `class:${name}`),
    ...wordsOf(sent.get('namespaces')).map((name) => `namespace:${name}`),
    ...wordsOf(sent.get('beyond')),
  ];
  return parseTokenScope(names.join(' '));
}

function wordsOf(text = ''): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

const nameField: FormField = {
  kind: 'text',
  name: 'name',
  label: 'Name',
  hint: 'What you will know it by, such as the program that uses it.',
  maxLength: LONGEST_NAME,
  isRequired: true,
};

/** The usual lives up to the longest, and the longest itself. */
function expiresField(maxLifetimeMs: number): FormField {
  const usual = LIVES_DAYS.map((days) => days * DAY_MS).filter((ms) => ms < maxLifetimeMs);
  const chosenMs = Math.min(USUAL_DAYS * DAY_MS, maxLifetimeMs);
  const options = [...usual, maxLifetimeMs].map((ms) => ({
    value: `${Math.floor(ms / SECOND_MS)}s`,
    label: lifeText(ms),
    isChosen: ms === chosenMs,
  }));
  return { kind: 'select', name: 'expires', label: 'Expires', options };
}

const effectField: FormField = {
  kind: 'radio',
  name: 'effect',
  legend: 'What it may do, of what you may',
  options: [
    { value: 'read', label: 'look only', isChosen: true },
    { value: 'write', label: 'look and change' },
  ],
};

const placeFields: readonly FormField[] = [
  {
    kind: 'text',
    name: 'namespaces',
    label: 'Namespaces',
    hint: 'Separated by spaces. Empty: all that you may use, now and later.',
    maxLength: 1000,
  },
  {
    kind: 'text',
    name: 'classes',
    label: 'Applications',
    hint: 'Such as notebooks or pipelines, separated by spaces. Empty: all.',
    maxLength: 500,
  },
  {
    kind: 'checkbox',
    name: 'beyond',
    legend: 'For a token with namespaces',
    options: [
      {
        value: ALL_MY_PIPELINES,
        label:
          'also requests to Pipelines that do not show their namespace: they reach all namespaces that you may use',
      },
    ],
  },
];

/** In the largest unit that divides it. */
function lifeText(ms: number): string {
  const units = [
    [DAY_MS, 'day'],
    [HOUR_MS, 'hour'],
    [MINUTE_MS, 'minute'],
  ] as const;
  const [unitMs, unit] = units.find(([each]) => ms % each === 0) ?? [1, 'millisecond'];
  const number = ms / unitMs;
  return `in ${number} ${unit}${number === 1 ? '' : 's'}`;
}
