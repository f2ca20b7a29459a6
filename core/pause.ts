import { setImmediate } from 'node:timers/promises';

const everyMs = 50;

/**
 * For long loops that compute: awaiting the returned function at each step lets signals, timers and progress through
 * every 50 ms, and costs a look at the clock otherwise. Without it Ctrl-C waits for the loop to end.
 */
export function pauses(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < everyMs) return undefined;
    return setImmediate().then(() => {
      last = performance.now();
    });
  };
}
