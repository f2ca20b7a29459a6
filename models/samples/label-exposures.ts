/** What labels are freed from, date by date: industries, sizes and other numbers that were known on the date. */
import type { Arena } from '../../core/arena.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import {
  type ExposureMatrices,
  exposureFields,
  exposureMatrices,
} from '../../evaluation/tear-sheet/exposure-matrices.ts';
import { readExposures, roomForExposures } from '../../evaluation/tear-sheet/exposure-rows.ts';
import { type Neutraliser, neutralisers } from '../../evaluation/tear-sheet/neutralisers.ts';
import type { Exposures } from '../../evaluation/tear-sheet/regression.ts';
import type { PanelExposures } from '../../evaluation/tear-sheet/tasks.ts';
import type { TrainingRule } from '../training-rule.ts';

type ExposureRule = Pick<TrainingRule, 'label' | 'neutraliseLabels'>;

export class LabelExposures {
  readonly #arena: Arena;
  readonly #symbols: number;
  readonly #matrices: ExposureMatrices;
  readonly #rows: PanelExposures;
  readonly #room: Exposures;

  private constructor(arena: Arena, symbols: number, matrices: ExposureMatrices) {
    this.#arena = arena;
    this.#symbols = symbols;
    this.#matrices = matrices;
    this.#rows = {
      groups: matrices.groups,
      columns: matrices.columns.map(({ matrix, log }) => ({ rows: matrix, log })),
    };
    this.#room = roomForExposures(this.#rows, symbols);
  }

  /** Daily fields that are read for them. */
  static fields(manifest: MarketManifest, rule: ExposureRule): string[] {
    return exposureFields(neutralisersOf(manifest, rule));
  }

  /** Undefined where labels are returns as they are. */
  static async of(
    evaluator: Pick<Evaluator, 'market' | 'arena' | 'values'>,
    rule: ExposureRule,
  ): Promise<LabelExposures | undefined> {
    const { manifest } = evaluator.market;
    const asked = neutralisersOf(manifest, rule);
    if (asked.length === 0) return undefined;
    const dates = { from: 0, to: manifest.calendar.length };
    const matrices = await exposureMatrices(evaluator, asked, dates);
    return new LabelExposures(evaluator.arena, manifest.symbols.length, matrices);
  }

  /** Valid until the next. */
  at(date: number): Exposures {
    const { buffer } = this.#arena.memory;
    const row = ({ address, stride }: { readonly address: number; readonly stride: number }) =>
      new Float32Array(buffer, address + date * stride, this.#symbols);
    readExposures(this.#rows, row, this.#room);
    return this.#room;
  }

  release(): void {
    this.#matrices.release();
  }
}

const neutralisersOf = (manifest: MarketManifest, { label, neutraliseLabels = [] }: ExposureRule): Neutraliser[] =>
  neutralisers(neutraliseLabels, manifest, label.horizon, 'neutralise-labels');
