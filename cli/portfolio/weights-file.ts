/** The weights of every rebalance as a file other tools read: a row for each signal date and symbol, a column a portfolio. */
import { dayNumber } from '../../core/date.ts';
import type { MarketManifest } from '../../data/market.ts';
import { FactorFile } from '../../evaluation/factor-file.ts';
import type { TargetWeights } from '../../portfolio/backtest/run-scenario.ts';
import type { Scenario } from '../../portfolio/rule.ts';
import type { BacktestOptions } from './backtest-options.ts';

export class WeightsFile {
  readonly #file: FactorFile;
  readonly #symbols: number;

  private constructor(file: FactorFile, symbols: number) {
    this.#file = file;
    this.#symbols = symbols;
  }

  /** Undefined when none is asked for; refuses at once what could not be written at the end. */
  static async create(
    { weights, overwrite = false }: Pick<BacktestOptions, 'weights' | 'overwrite'>,
    scenarios: readonly Scenario[],
    { symbols }: MarketManifest,
    inputs: readonly (string | undefined)[],
  ): Promise<WeightsFile | undefined> {
    if (weights === undefined) return undefined;
    const factors = scenarios.map(({ name }) => name);
    const file = await FactorFile.create({ path: weights, shape: 'long', factors, symbols, overwrite, inputs });
    return new WeightsFile(file, symbols.length);
  }

  /** Of each portfolio, in their order; all have the same signal dates. */
  write(targets: readonly (readonly TargetWeights[])[]): void {
    const [first = []] = targets;
    for (const [row, { signal }] of first.entries()) {
      const columns = targets.map((ofOne) => {
        const cells = new Float32Array(this.#symbols);
        const { symbols, weights } = ofOne[row] as TargetWeights;
        for (const [i, n] of symbols.entries()) cells[n] = weights[i] as number;
        return cells;
      });
      this.#file.write(Int32Array.of(dayNumber(signal)), columns);
    }
  }

  finish(): void {
    this.#file.finish();
  }

  abandon(): void {
    this.#file.abandon();
  }
}
