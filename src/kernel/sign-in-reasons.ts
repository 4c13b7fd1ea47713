// Owns the reason codes of signing in, of what a fresh sign-in is made for, and of ends of sessions and tokens.

export const signInReasons = {
  login_attempt_missing: {
    status: 400,
    title: 'This sign-in was not started in this browser, or took longer than ten minutes.',
    advice: 'Start the sign-in again.',
  },
  login_state_mismatch: {
    status: 400,
    title: 'This answer does not belong to a sign-in that was started in this browser.',
    advice: 'Start the sign-in again.',
  },
  login_refused_by_provider: {
    status: 403,
    title: 'The identity provider refused the sign-in.',
    advice: 'Try again, or ask the administrator of the identity provider.',
  },
  login_failed: {
    status: 502,
    title: "The identity provider's answer could not be used.",
    advice: 'Start the sign-in again; if it lasts, tell the administrator the request id.',
  },
  login_not_fresh: {
    status: 403,
    title: 'The identity provider did not ask you to sign in anew.',
    advice: 'Sign out at the identity provider and try again.',
  },
  top_level_only: {
    status: 403,
    title: 'This page opens only as a page of its own.',
    advice: 'Open its address in a tab of your browser; scripts and frames cannot use it.',
  },
  https_required: {
    status: 403,
    title: 'This page needs https.',
    advice:
      'Open it in a browser, over https or at localhost: only there browsers say how a page is opened, and programs never do.',
  },
  action_expired: {
    status: 400,
    title: 'This page is too old, was used before, or belongs to another sign-in.',
    advice: 'Start again.',
  },
  token_wish_refused: {
    status: 400,
    title: 'The token that was asked for cannot be made.',
    advice:
      'A name has at most 64 printable characters. Namespaces look like team-a, applications like notebooks; there can be 28 of them at most.',
  },
  too_many_tokens: {
    status: 409,
    title: 'You have as many tokens as one person may have.',
    advice: 'Revoke one that you do not need, and try again.',
  },
  user_code_unknown: {
    status: 400,
    title: 'There is no such code, or it has expired.',
    advice:
      'Type it again, as the device shows it. If it is ten minutes old, start the sign-in there again.',
  },
  authorization_request_refused: {
    status: 400,
    title: 'The program that sent you here asked for something that it may not have.',
    advice: 'Start again from the command line with a current version of it.',
  },
  return_address_refused: {
    status: 400,
    title: 'The address to return to is not a path on this site.',
    advice: 'Use a path that begins with a single slash.',
  },
  email_not_verified: {
    status: 403,
    title: 'Your e-mail address is not verified at the identity provider.',
    advice: 'Verify the address there and sign in again.',
  },
  user_claim_missing: {
    status: 403,
    title: 'The identity provider did not say who you are.',
    advice: 'The administrator must check that the user claim is released to this client.',
  },
  user_claim_invalid: {
    status: 403,
    title: 'The identity provider sent a user name that cannot be used safely.',
    advice:
      'The administrator must check the user claim: its type, "@", commas, spaces, control or non-ASCII characters.',
  },
  user_claim_reserved: {
    status: 403,
    title: 'The identity provider sent a user name that is reserved for Kubernetes.',
    advice: 'Names beginning with "system:" cannot sign in.',
  },
  token_revoked: {
    status: 401,
    title: 'The token was revoked.',
    advice: 'Make a new one at /oauth2/tokens.',
  },
  refresh_token_reused: {
    status: 401,
    title: 'The command-line login was ended because an old secret of it was used again.',
    advice: 'Run "kubeflow-auth-gateway login" again.',
  },
  signed_out: {
    status: 401,
    title: 'You signed out.',
    advice: 'Sign in again.',
  },
  signed_out_at_provider: {
    status: 401,
    title: 'You signed out at the identity provider.',
    advice: 'Sign in again.',
  },
  provider_ended_session: {
    status: 401,
    title: 'The identity provider no longer confirms this session.',
    advice: 'Sign in again.',
  },
  claims_too_old: {
    status: 401,
    title: 'The identity provider could not confirm your identity for too long.',
    advice: 'Sign in again.',
  },
} as const;
