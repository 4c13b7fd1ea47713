// Owns the options of where the gateway listens and how it is reached from outside.
import { z } from 'zod';
import { choice, cidr, count, duration, file, flag, list, origin, section, text } from '../leaf.ts';

const tls = section({
  certFile: file({
    about: 'PEM file with the certificate chain, for TLS; reloaded when it changes.',
  }),
  keyFile: file({
    about:
      "PEM file with the certificate's private key; needed with certFile, reloaded when it changes.",
  }),
}).optional();

function address(port: number, who: string) {
  return {
    host: text({ about: `Address that ${who} connect to.` }).prefault('0.0.0.0'),
    port: count({
      about: `TCP port that ${who} connect to; 0 takes any free port.`,
      min: 0,
      max: 65_535,
    }).default(port),
    tls,
  };
}

const connections = {
  keepAlive: duration({
    about:
      'How long an idle connection is kept. Longer than the proxy in front keeps it (Envoy: 1h), so that it is never reused while closing.',
    min: '1s',
    max: '1d',
  }).prefault('61m'),
  headersTimeout: duration({
    about: 'How long a client may take to send the headers of a request.',
    min: '1s',
    max: '10m',
  }).prefault('60s'),
};

const publicListener = section({
  ...address(8080, 'browsers, the load balancer or Istio'),
  ...connections,
}).transform(({ keepAlive, headersTimeout, ...rest }) => ({
  ...rest,
  keepAliveMs: keepAlive,
  headersTimeoutMs: headersTimeout,
}));

const checkListener = section({
  enabled: flag({
    about:
      "Answers Envoy's checks over HTTP (ext_authz), as Istio's external authorizer asks them.",
  }).default(false),
  ...address(9191, 'Envoy'),
  ...connections,
}).transform(({ keepAlive, headersTimeout, ...rest }) => ({
  ...rest,
  keepAliveMs: keepAlive,
  headersTimeoutMs: headersTimeout,
}));

const localListener = section({
  host: text({
    about:
      'Loopback address that an operator inside the pod connects to, for /explain and /log-level.',
  }).prefault('127.0.0.1'),
  port: count({
    about: 'TCP port that an operator inside the pod connects to; 0 takes any free port.',
    min: 0,
    max: 65_535,
  }).default(9091),
});

export const listeners = section({
  public: publicListener.prefault({}),
  check: checkListener.prefault({}),
  admin: section(address(9090, 'the kubelet and Prometheus')).prefault({}),
  local: localListener.prefault({}),
}).prefault({});

export const extAuthz = section({
  identity: choice(['token', 'header'], {
    about:
      'How an application behind Envoy learns who is asking. token: the check answers with the session JWT in x-kfgw-assertion, and the mesh sets the identity headers from its claims. header: the check answers with the identity headers.',
  }).default('token'),
}).prefault({});

export const publicOrigins = list(origin({ about: 'Scheme, host and port.' }), {
  about:
    "Addresses under which browsers reach the gateway, all https or all http. Empty: every Host is ours and Origin is compared with the request's own Host, as stock Kubeflow does.",
}).prefault([]);

export const trustedProxies = list(cidr({ about: 'Address range.' }), {
  about:
    "Proxies in front of the gateway whose X-Forwarded-For and X-Forwarded-Proto are believed. Empty: nobody's are.",
}).prefault([]);

export const cookies = section({
  insecureWithoutSecure: flag({
    about:
      'Sets cookies without Secure and without the __Host- prefix, for public origins on plain http. Anybody on the network path can take over sessions.',
  }).default(false),
}).prefault({});

export const files = z
  .strictObject({
    pollEvery: duration({
      about:
        'How often mounted files (keys, certificates, secrets, this file) are looked at for changes. SIGHUP looks at once.',
      min: '1s',
      max: '1h',
    }).prefault('30s'),
  })
  .transform(({ pollEvery }) => ({ pollEveryMs: pollEvery }))
  .prefault({});
