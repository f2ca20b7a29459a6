/** What predictions of a section are made neutral to. */
import { orthonormal } from './orthonormal.ts';

export interface StyleCells {
  /** [styles][dates][symbols], NaN where missing. */
  readonly values: Float32Array;
  readonly count: number;
}

export class StyleBasis {
  readonly #styles: StyleCells;
  readonly #symbols: number;

  constructor(styles: StyleCells, symbols: number) {
    this.#styles = styles;
    this.#symbols = symbols;
  }

  /**
   * Of some symbols on a date. A symbol that lacks a style has the mean of the others: it tells nobody apart, and a
   * prediction is taken nothing off for it beside the constant.
   */
  of(date: number, symbols: Int32Array): Float64Array {
    const { values, count } = this.#styles;
    const size = values.length / count;
    const columns = Array.from({ length: count }, (_, k) => {
      const start = k * size + date * this.#symbols;
      return picked(values.subarray(start, start + this.#symbols), symbols);
    });
    return orthonormal(columns, symbols.length);
  }
}

function picked(row: Float32Array, symbols: Int32Array): Float64Array {
  const column = new Float64Array(symbols.length);
  let [known, sum] = [0, 0];
  for (let i = 0; i < column.length; i++) {
    const x = row[symbols[i] as number] as number;
    column[i] = x;
    if (Number.isNaN(x)) continue;
    known++;
    sum += x;
  }
  if (known === column.length) return column;
  const mean = known > 0 ? sum / known : 0;
  for (let i = 0; i < column.length; i++) if (Number.isNaN(column[i])) column[i] = mean;
  return column;
}
