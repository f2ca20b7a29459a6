import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    testTimeout: 30_000,
    // Several pools of our own run inside tests; more forks than cores would only make them wait for each other.
    maxWorkers: 2,
  },
});
