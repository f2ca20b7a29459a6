/** Every rolling kernel; see rolling-sums.ts for the idea they share. */

export * from './rolling-ends';
export * from './rolling-extremes';
export * from './rolling-moments';
export * from './rolling-order';
export * from './rolling-pairs';
export * from './rolling-sums';
