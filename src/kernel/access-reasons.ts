// Owns the reason codes of what somebody may do, and of what is not there.

export const accessReasons = {
  namespace_forbidden: {
    status: 403,
    title: 'You may not do this in this namespace.',
    advice:
      "Ask the namespace's owner to add you as a contributor, or an administrator for a role that allows it.",
  },
  cluster_forbidden: {
    status: 403,
    title: 'You may not do this for the whole cluster.',
    advice: 'Ask an administrator; this needs a ClusterRoleBinding.',
  },
  namespace_ambiguous: {
    status: 400,
    title: 'The request names its namespace more than once, or in a way that can be read twice.',
    advice: 'Name one namespace, once.',
  },
  namespace_required: {
    status: 400,
    title: 'The request does not say which namespace it is for.',
    advice: 'Add the namespace.',
  },
  namespace_being_set_up: {
    status: 409,
    title: 'Your namespace is being set up.',
    advice: 'This takes a few seconds; the page tries again by itself.',
  },
  route_denied: {
    status: 403,
    title: 'This address is closed for everybody.',
    advice: 'If an application needs it, an administrator can open it in the route catalogue.',
  },
  owner_is_someone_else: {
    status: 403,
    title: 'A namespace can be made for yourself only.',
    advice: 'Leave the user out, or ask an administrator who may create profiles.',
  },
  body_not_inspected: {
    status: 403,
    title: 'This request is allowed only where its body can be read, and here it cannot.',
    advice:
      'An administrator can allow it with access.uninspected, as the registration flow of the dashboard needs.',
  },
  body_unreadable: {
    status: 400,
    title: 'The body of this request cannot be read.',
    advice: 'Send one JSON object in UTF-8, uncompressed, with Content-Type: application/json.',
  },
  body_too_large: {
    status: 413,
    title: 'The body of this request is too large.',
    advice: 'Send a smaller one.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address.',
    advice: 'Check the address.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take this method.',
    advice: 'See the Allow header for the methods it takes.',
  },
  too_many_requests: {
    status: 429,
    title: 'There were too many sign-in requests from your address.',
    advice: 'Wait a minute and try again.',
  },
} as const;
