import { defineConfig } from 'vitest/config';

// "unit" needs nothing but npm; "integration" starts real neighbours, one file at a time so that
// two cores are never shared by several of their groups.
export default defineConfig({
  test: {
    // The default leaves one core to vitest itself, which hardly uses it.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // One process for many files saves half of the time; src keeps no state in modules.
          isolate: false,
          include: ['src/**/*.test.ts', 'demo/**/*.test.ts', 'test/unit/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/{integration,neighbours,parity}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          // A machine that stands still for seconds is no fault of ours; what fails twice is. Random
          // comparisons with the API server are never tried again.
          retry: 1,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      exclude: ['src/**/*.test.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
