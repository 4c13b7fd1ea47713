// Owns the fault of a configuration that only shows when what it names is opened: keys, credentials, routes.

/** The gateway cannot start before somebody changes something; the message says what. Exit status 2. */
export abstract class Misconfigured extends Error {}
