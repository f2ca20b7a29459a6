/**
 * Linear programs by the simplex of HiGHS, each from the basis of the last one. A basis is remembered by what columns and
 * rows stand for, so names may come and go. Nothing here knows a clock: equal programs in equal order have equal
 * solutions, bit by bit.
 */
import type { Highs, Model } from 'highs';
import type { LinearAnswer, LinearProgram, LinearSolver } from './linear-program.ts';
import { violation } from './violation.ts';

/** Presolve costs more than the few dozen steps these programs take. */
const usual = {
  output_flag: false,
  presolve: 'off',
  solver: 'simplex',
  simplex_strategy: 1,
  primal_feasibility_tolerance: 1e-10,
  dual_feasibility_tolerance: 1e-10,
};
/** From scratch each, when the usual way ends without an answer. */
const others = [
  { ...usual, presolve: 'on' },
  { ...usual, simplex_strategy: 4 },
  { ...usual, simplex_strategy: 4, primal_feasibility_tolerance: 1e-9, dual_feasibility_tolerance: 1e-9 },
  { ...usual, solver: 'ipm', presolve: 'on' },
];
/** A solution that is outside a bound or a row by more is not believed, whatever its status. */
const believed = 1e-8;

let loading: Promise<Highs> | undefined;
async function loadHighs(): Promise<Highs> {
  // Its types are those of its CommonJS build, where the default export is one step further in.
  const { default: load } = (await import('highs')) as unknown as { default: () => Promise<Highs> };
  return load();
}

export class HighsSolver implements LinearSolver {
  readonly #highs: Highs;
  readonly #model: Model;
  readonly #basis = { columns: new Map<number, number>(), rows: new Map<number, number>() };

  private constructor(highs: Highs) {
    this.#highs = highs;
    this.#model = highs.createModel();
  }

  /** The library is loaded once per thread. */
  static async load(): Promise<HighsSolver> {
    loading ??= loadHighs();
    return new HighsSolver(await loading);
  }

  solve(program: LinearProgram): LinearAnswer {
    if (program.columns === 0) return nothingToChoose(program);
    const answer = this.#run(program, usual, true);
    // Infeasible is believed when two ways agree on it: constraints are let go for it.
    if (typeof answer === 'object') return answer;
    const statuses = [answer];
    for (const options of others) {
      const again = this.#run(program, options, false);
      if (typeof again === 'object') return again;
      if (again === 'infeasible' && statuses.includes('infeasible')) return 'infeasible';
      statuses.push(again);
    }
    throw new Error(`HiGHS found no answer to a linear program: ${statuses.join(', ')}`);
  }

  close(): void {
    this.#model.dispose();
  }

  #run(program: LinearProgram, options: typeof usual, warm: boolean): Exclude<LinearAnswer, string> | string {
    const model = this.#model;
    const { modelStatus } = this.#highs.constants;
    model.options.set(options);
    model.passModel({
      numCols: program.columns,
      numRows: program.rows,
      colCost: program.cost,
      colLower: program.columnLower,
      colUpper: program.columnUpper,
      rowLower: program.rowLower,
      rowUpper: program.rowUpper,
      matrix: {
        format: 'csc',
        numRows: program.rows,
        numCols: program.columns,
        starts: program.starts,
        indices: program.indices,
        values: program.values,
      },
    });
    try {
      if (warm && this.#basis.rows.size > 0) model.setBasis(this.#carried(program));
      model.run();
    } catch (error) {
      // A basis it refuses, or trouble on the way from it: told if no other way has an answer.
      if (!(error instanceof this.#highs.errors.HighsError)) throw error;
      return error.message;
    }
    const status = model.getModelStatus();
    if (status === modelStatus.infeasible) return 'infeasible';
    if (status !== modelStatus.optimal) return `status ${status}`;
    const values = model.getSolution().colValue;
    const off = violation(program, values);
    if (!(off <= believed)) return `optimal but off by ${off}`;
    this.#remember(program);
    return { values, objective: model.getObjectiveValue() };
  }

  #remember(program: LinearProgram): void {
    const { colStatus, rowStatus } = this.#model.getBasis();
    const { columns, rows } = this.#basis;
    columns.clear();
    rows.clear();
    for (const [c, key] of program.columnKeys.entries()) columns.set(key, colStatus[c] as number);
    for (const [r, key] of program.rowKeys.entries()) rows.set(key, rowStatus[r] as number);
  }

  /** The remembered basis with one basic column or row for each row, as a basis must have. */
  #carried(program: LinearProgram): { colStatus: Int32Array; rowStatus: Int32Array } {
    const { lower, basic } = this.#highs.constants.basisStatus;
    const colStatus = program.columnKeys.map((key) => this.#basis.columns.get(key) ?? lower);
    const rowStatus = program.rowKeys.map((key) => this.#basis.rows.get(key) ?? basic);
    const count = (statuses: Int32Array): number => statuses.reduce((n, status) => n + (status === basic ? 1 : 0), 0);
    let missing = program.rows - count(colStatus) - count(rowStatus);
    for (let r = 0; missing > 0 && r < rowStatus.length; r++) {
      if (rowStatus[r] === basic) continue;
      rowStatus[r] = basic;
      missing--;
    }
    for (let c = colStatus.length - 1; missing < 0 && c >= 0; c--) {
      if (colStatus[c] !== basic) continue;
      colStatus[c] = lower;
      missing++;
    }
    return { colStatus, rowStatus };
  }
}

/** HiGHS has a status of its own for programs without columns, and no verdict on their rows. */
function nothingToChoose(program: LinearProgram): LinearAnswer {
  const values = new Float64Array();
  return violation(program, values) <= usual.primal_feasibility_tolerance ? { values, objective: 0 } : 'infeasible';
}
