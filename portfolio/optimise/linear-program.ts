/**
 * A linear program over what is bought and what is sold of each name: weight = held + bought - sold. Turnover is then one
 * row, and whatever else there is has a handful of rows beside a column or two per name.
 */
export interface LinearProgram {
  readonly columns: number;
  readonly rows: number;
  /** What a column and a row stand for, each unique: solvers carry what they know of them from one program to the next. */
  readonly columnKeys: Int32Array;
  readonly rowKeys: Int32Array;
  /** Minimised. */
  readonly cost: Float64Array;
  readonly columnLower: Float64Array;
  readonly columnUpper: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  /** Compressed columns. */
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

export interface LinearSolution {
  readonly values: Float64Array;
  readonly objective: number;
}

/** Infeasible is a value: it is what reliefs are for. */
export type LinearAnswer = LinearSolution | 'infeasible';

/** Solves one program after the other, each from the basis of the last. */
export interface LinearSolver {
  solve(program: LinearProgram): LinearAnswer;
  close(): void;
}
