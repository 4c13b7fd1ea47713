// Owns the reason codes of request hygiene: always before anything else looks at the request.

export const requestReasons = {
  malformed_request: {
    status: 400,
    title: 'The request is not well-formed HTTP.',
    advice: 'Check the client or a proxy in between; the bytes it sends violate RFC 9112.',
  },
  target_form: {
    status: 400,
    title: 'The request target has a form that the gateway does not serve.',
    advice: 'Send an origin-form target: a path that begins with a single slash.',
  },
  target_fragment: {
    status: 400,
    title: 'The request target contains a fragment.',
    advice: 'Remove everything from "#" on; fragments are never sent to servers.',
  },
  target_dot_segment: {
    status: 400,
    title: 'The path contains a dot segment.',
    advice: 'Resolve "." and ".." before sending the request.',
  },
  target_backslash: {
    status: 400,
    title: 'The path contains a backslash.',
    advice: 'Use "/" to separate path segments.',
  },
  target_control: {
    status: 400,
    title: 'The request target contains a control or non-ASCII character.',
    advice: 'Percent-encode the target as RFC 3986 asks, without control characters.',
  },
  target_encoding: {
    status: 400,
    title: 'The request target is not correctly percent-encoded UTF-8.',
    advice: 'Encode "%" as "%25" and text as UTF-8 without overlong forms.',
  },
  target_ambiguous: {
    status: 400,
    title: 'The path is ambiguous where it names an application, a namespace or an object.',
    advice:
      'Use no empty segment, encoded slash, encoded percent sign or ";" in this part of the path.',
  },
  target_name: {
    status: 400,
    title: 'A namespace or object name in the path is not a DNS-1123 name.',
    advice: 'Use lower-case letters, digits and "-" as Kubernetes names do.',
  },
  method_override: {
    status: 400,
    title: 'A form POST asks to be treated as another method.',
    advice: 'Send the request with the method that it means, without X-HTTP-Method-Override.',
  },
  referer_routes: {
    status: 400,
    title: 'The Referer names a page by which an application would send the request elsewhere.',
    advice: 'Open the page by its own address, or send the request without a Referer.',
  },
  header_alias: {
    status: 400,
    title: 'A header is spelled so that an application could mistake it for an identity header.',
    advice: 'Remove the header; the gateway sets identity headers itself.',
  },
  host_ambiguous: {
    status: 400,
    title: 'The Host header is missing, repeated or not a host.',
    advice: 'Send exactly one Host header.',
  },
  host_not_served: {
    status: 421,
    title: 'The host is neither this site nor one that a route names.',
    advice:
      'Use the address of this site. The administrator can add the host to inferenceHosts, to publicOrigins, or as a row of its own.',
  },
  authorization_ambiguous: {
    status: 400,
    title: 'The request carries more than one Authorization value.',
    advice: 'Send exactly one Authorization header with one scheme.',
  },
  cookie_ambiguous: {
    status: 400,
    title: "The gateway's cookie was sent more than once with different values.",
    advice: "Delete this site's cookies in the browser and sign in again.",
  },
  url_too_long: {
    status: 414,
    title: 'The URL is too long.',
    advice: 'Shorten the URL, or ask the administrator to raise limits.urlBytes.',
  },
  headers_too_large: {
    status: 431,
    title: 'The request headers are too large.',
    advice:
      "Delete this site's cookies in the browser, or ask the administrator to raise the limits.",
  },
  request_timeout: {
    status: 408,
    title: 'The request did not arrive in time.',
    advice: 'Try again; check the connection.',
  },
  expectation_failed: {
    status: 417,
    title: 'The Expect header asks for something other than 100-continue.',
    advice: 'Remove the Expect header.',
  },
  method_not_supported: {
    status: 501,
    title: 'The gateway does not serve this method.',
    advice: 'Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.',
  },
} as const;
