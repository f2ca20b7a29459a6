/**
 * What a program can import: `import { openMarket, parse } from 'evolve-factors'`. Every command is a function here;
 * the command line only parses, calls and prints.
 */
export { Arena, type Matrix } from '../core/arena.ts';
export { EvolveError, type FailureCode } from '../core/failure.ts';
export { type Unit, unitName } from '../core/units.ts';
export type { FieldInfo, Market, MarketManifest, MinuteGrid, PlantedSignal } from '../data/market.ts';
export { type OpenOptions, openMarket } from '../data/store/open.ts';
export type { Kind, Operator, Shape } from '../operators/define.ts';
export { type OperatorName, operatorNames, operators } from '../operators/table.ts';
export type { Expression } from '../program/expression.ts';
export { parse } from '../program/parse.ts';
export { print } from '../program/print.ts';
export { standardVocabulary, type Vocabulary, vocabulary, type Word } from '../program/vocabulary.ts';
export { examineMachine, type Finding } from './machine.ts';
export { allOperatorWords, type OperatorWords, operatorWords } from './operator-words.ts';
