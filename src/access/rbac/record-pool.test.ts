import { describe, expect, it } from 'vitest';
import { binding } from '../../../test/fixtures/policy-builders.ts';
import { RecordPool } from './record-pool.ts';

describe('a pool', () => {
  it('makes equal parts of bindings one, service accounts of their own namespaces included', () => {
    const pool = new RecordPool();
    const [a, b] = ['a', 'b'].map((namespace) =>
      pool.binding(
        binding(namespace, 'default-editor', 'ClusterRole edit', `ServiceAccount ${namespace}/sa`),
      ),
    );
    expect(a?.roleRef).toBe(b?.roleRef);
    expect(a?.subjects).toBe(b?.subjects);
    expect(a?.subjects).toEqual([{ kind: 'ServiceAccount', name: 'sa', namespace: '' }]);
  });

  it('keeps service accounts of other namespaces apart', () => {
    const pool = new RecordPool();
    const shared = pool.binding(binding('a', 'x', 'ClusterRole edit', 'ServiceAccount b/sa'));
    expect(shared.subjects).toEqual([{ kind: 'ServiceAccount', name: 'sa', namespace: 'b' }]);
  });

  it('gives the right parts after any number of different ones', () => {
    const pool = new RecordPool();
    for (let number = 0; number < 120_000; number++) {
      const name = `user-${number}`;
      const record = binding('ns', name, `ClusterRole ${name}`, `User ${name}`);
      const shared = pool.binding(record);
      if (number % 997 === 0) expect(shared).toEqual(record);
    }
  });
});
