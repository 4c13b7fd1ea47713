// Owns what the commands for people say when the gateway could not be asked, or said no.
import { CodeExpired } from '../cli/device-login.ts';
import { NobodyCame } from '../cli/browser-login.ts';
import { serverFault, type ServerFault } from '../cli/server-fault.ts';
import type { ExitStatus, Terminal } from './command.ts';

/** The call asked for something that the gateway does not give (RFC 6749 section 4.1.2.1). */
const WRONG_CALL = new Set(['invalid_request', 'invalid_scope']);

/** Tells the person what to do about what was thrown; rethrows what is no fault of an exchange. */
export function tellFault(thrown: unknown, origin: string, terminal: Terminal): ExitStatus {
  const isLate = thrown instanceof NobodyCame || thrown instanceof CodeExpired;
  const { text, status } = isLate ? tooLate : problemOf(serverFault(thrown), origin);
  terminal.complain(text);
  return status;
}

interface Problem {
  readonly text: string;
  readonly status: ExitStatus;
}

const tooLate: Problem = {
  text: 'Nobody signed in in time. Start again when you are ready.',
  status: 1,
};

function problemOf(fault: ServerFault, origin: string): Problem {
  switch (fault.kind) {
    case 'unreachable':
      return {
        text: `${origin} cannot be asked.\n${fault.detail}${hint(fault.detail)}`,
        status: 1,
      };
    case 'unusable':
      return {
        text:
          `${origin} offers no sign-in for the command line: it is no Kubeflow authenticating ` +
          `gateway, or one with tokens.personal.enabled off.\n${fault.detail}`,
        status: 1,
      };
    case 'refused':
      return refusal(fault, origin);
  }
}

function hint(detail: string): string {
  if (detail.includes('altnames'))
    return '\n--url has to name the gateway as its certificate does.';
  return /certificate/i.test(detail)
    ? '\nlogin --ca-file FILE names the authorities that its certificate needs.'
    : '';
}

function refusal(
  { error, detail }: Extract<ServerFault, { kind: 'refused' }>,
  origin: string,
): Problem {
  if (error === 'access_denied') return { text: 'The sign-in was declined.', status: 3 };
  if (error === 'expired_token') return tooLate;
  return { text: `${origin} refused: ${detail}`, status: WRONG_CALL.has(error) ? 2 : 1 };
}
