/** The formulas a run was begun with, as its manifest has them and as the market reads them. */
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { asFactor, must } from '../../program/build.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { parse } from '../../program/parse.ts';
import type { Formula, Identity } from './identity.ts';
import type { KeptRun } from './kept-run.ts';

export const storedFormulas = ({ folder }: KeptRun) =>
  folder.manifest.config as unknown as Pick<Identity, 'warmStart' | 'beside' | 'improve'>;

export const factorOf = (text: string, { vocabulary }: Evaluator): Expression =>
  canonical(must(asFactor(parse(text, vocabulary))));

export const formulas = (factors: readonly Formula[], { vocabulary }: Evaluator): Expression[] =>
  factors.map(({ expression }) => canonical(parse(expression, vocabulary)));
