// A RoleBinding is taken away at a real API server: what it allowed ends within a second.
import { expect, it } from 'vitest';
import { clusterNeighbours } from '../fixtures/gated-cluster.ts';
import { recordMs } from '../fixtures/measured.ts';
import { measureRevocations } from '../fixtures/revocations.ts';
import { describeWith } from '../neighbours/describe-with.ts';

const TRIES = 30;
const PROMISED_MS = 1_000;

describeWith(clusterNeighbours, 'a RoleBinding that is deleted', () => {
  it('allows nothing within a second, and the WebSocket that it allowed is closed', async () => {
    const revocations = await measureRevocations(TRIES);
    const refusedMs = revocations.map((revocation) => revocation.refusedMs);
    const closedMs = revocations.map((revocation) => revocation.closedMs);
    recordMs('after a RoleBinding was deleted, a request is refused', refusedMs);
    recordMs('after a RoleBinding was deleted, its WebSocket is closed', closedMs);
    expect(Math.max(...refusedMs)).toBeLessThan(PROMISED_MS);
    expect(Math.max(...closedMs)).toBeLessThan(PROMISED_MS);
    expect(new Set(revocations.map(({ closed }) => closed.code))).toEqual(new Set([4403]));
  });
});
