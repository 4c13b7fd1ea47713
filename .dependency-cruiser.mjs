// The room matrix of docs/architecture.md: who may import whom. Everything not allowed is an error.
const rooms = {
  '^src/kernel/': [],
  '^src/config/': ['kernel'],
  '^src/request/': ['kernel'],
  '^src/identity/': ['kernel', 'request'],
  '^src/access/': ['kernel', 'request', 'identity'],
  '^src/decide\\.ts$': ['kernel', 'request', 'identity', 'access'],
  '^src/doors/': ['kernel', 'request', 'identity', 'access', 'decide\\.ts'],
  '^src/pages/': ['kernel', 'request', 'identity', 'access', 'decide\\.ts'],
  '^src/observe/': ['kernel'],
  '^src/cli/': ['kernel', 'identity'],
  '^src/commands/': ['kernel', 'config', 'identity', 'request', 'access', 'cli'],
  '^src/gateway\\.ts$': ['(?!main)'],
  '^src/gateway/': ['(?!main)'],
};

const layer = ([from, allowed]) => ({
  name: `room ${from}`,
  severity: 'error',
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^(src|test|demo|bench)/',
    pathNot: [from, ...allowed.map((room) => `^src/${room}`)],
  },
});

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.test\\.ts$', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm'],
        pathNot: 'node_modules/@types/',
      },
    },
    ...Object.entries(rooms).map(layer),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
