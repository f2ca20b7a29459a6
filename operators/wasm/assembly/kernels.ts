/** Every kernel there is: one export per operator, plus the evaluator's own helpers. */
export * from './elementwise';
export * from './rolling';
export * from './cross-section';
export * from './correlation';
