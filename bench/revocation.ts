// Measures how long a request and a WebSocket go on after their RoleBinding was deleted at a real API server.
//   node bench/revocation.ts [tries]
import { recordMs } from '../test/fixtures/measured.ts';
import { measureRevocations } from '../test/fixtures/revocations.ts';

const revocations = await measureRevocations(Number(process.argv[2] ?? 200));
recordMs(
  'from deletion to refusal',
  revocations.map(({ refusedMs }) => refusedMs),
);
recordMs(
  "from deletion to the WebSocket's close",
  revocations.map(({ closedMs }) => closedMs),
);
