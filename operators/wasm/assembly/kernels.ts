/** Every kernel there is: one export per operator, plus the evaluator's own helpers. */
export * from './elementwise';
export * from './rolling';
export * from './cross-section';
export { group_demean, group_norm, group_rank } from './groups';
export * from './correlation';
