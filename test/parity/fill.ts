// Owns giving an index a policy, object by object.
import type { RecordSinks } from '../../src/access/rbac/record-sink.ts';
import type { Policy } from '../fixtures/rbac-oracle.ts';

export function fill(sinks: RecordSinks, policy: Policy): void {
  policy.roles.forEach((record) => {
    sinks.roles.upsert(record);
  });
  policy.rolebindings.forEach((record) => {
    sinks.rolebindings.upsert(record);
  });
  policy.clusterroles.forEach((record) => {
    sinks.clusterroles.upsert(record);
  });
  policy.clusterrolebindings.forEach((record) => {
    sinks.clusterrolebindings.upsert(record);
  });
}
