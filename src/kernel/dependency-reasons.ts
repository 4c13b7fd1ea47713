// Owns the reason codes of what the gateway depends on, and of its own faults.

export const dependencyReasons = {
  session_store_unavailable: {
    status: 503,
    title: 'Sessions cannot be read at the moment.',
    advice: 'Your session is kept. Try again in a few seconds.',
  },
  access_loading: {
    status: 503,
    title: 'The gateway does not know yet who may do what.',
    advice: 'It reads the roles of the cluster; try again in a few seconds.',
  },
  access_stale: {
    status: 503,
    title: 'The gateway has not heard from the Kubernetes API server for too long.',
    advice: 'Try again; if it lasts, tell the administrator.',
  },
  provider_unavailable: {
    status: 503,
    title: 'The identity provider cannot be reached at the moment.',
    advice: 'This page tries again by itself. If it lasts, tell the administrator.',
  },
  shutting_down: {
    status: 503,
    title: 'This replica is shutting down.',
    advice: 'Try again; another replica will answer.',
  },
  upstream_unreachable: {
    status: 502,
    title: 'The application cannot be reached.',
    advice: 'Try again; if it lasts, check that the application runs.',
  },
  upstream_protocol: {
    status: 502,
    title: 'The application gave an answer that is not well-formed HTTP.',
    advice: "Check the application's log.",
  },
  upstream_timeout: {
    status: 504,
    title: 'The application did not answer in time.',
    advice: 'Try again; if it lasts, check that the application is not overloaded.',
  },
  internal_error: {
    status: 500,
    title: 'The gateway made a mistake.',
    advice: 'Tell the administrator the request id shown here.',
  },
} as const;
