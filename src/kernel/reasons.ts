// Owns the table of reason codes: what a refusal is called, answered with and explained by.
// docs/reasons.md is generated from it.
import { accessReasons } from './access-reasons.ts';
import { credentialReasons } from './credential-reasons.ts';
import { dependencyReasons } from './dependency-reasons.ts';
import { requestReasons } from './request-reasons.ts';
import { signInReasons } from './sign-in-reasons.ts';

interface Reason {
  /** HTTP status of the answer that carries this reason. */
  readonly status: number;
  /** One line a person reads first. */
  readonly title: string;
  /** What to do next. */
  readonly advice: string;
}

const table = {
  ...requestReasons,
  ...credentialReasons,
  ...accessReasons,
  ...dependencyReasons,
  ...signInReasons,
} satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof table;

export const reasons: Readonly<Record<ReasonCode, Reason>> = table;
