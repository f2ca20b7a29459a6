/** Every kernel there is: one export per operator, plus the evaluator's own helpers. */
export * from './rolling';
