/** Functions of one date's row: the living definitions of `cs_*` and `group_*`. Missing cells stay missing and are not counted. */
import type { Series } from '../define.ts';
import { divide } from './elementwise.ts';
import { deviation, mean, median } from './rolling.ts';

/** New values for the cells that take part, from their values alone. */
type Within = (values: Series, extra: number) => ArrayLike<number>;
type Reference = (day: Series, other: Series, extra: number, out: Series) => void;

function overAll(within: Within): Reference {
  return (day, _other, extra, out) => {
    out.fill(Number.NaN);
    write(day, present(day), within, extra, out);
  };
}

/** A symbol without a group is in none, so it is missing. */
function overGroups(within: Within): Reference {
  return (day, group, extra, out) => {
    out.fill(Number.NaN);
    for (const code of new Set(group)) {
      write(
        day,
        present(day).filter((cell) => group[cell] === code),
        within,
        extra,
        out,
      );
    }
  };
}

const present = (day: Series): number[] => [...day.keys()].filter((cell) => !Number.isNaN(day[cell]));

function write(day: Series, cells: readonly number[], within: Within, extra: number, out: Series): void {
  const answers = within(
    Float64Array.from(cells, (cell) => day[cell] as number),
    extra,
  );
  for (const [i, cell] of cells.entries()) out[cell] = answers[i] as number;
}

const demeaned: Within = (values) => {
  const m = mean(values);
  return values.map((value) => value - m);
};
const normalised: Within = (values) => {
  const [m, d] = [mean(values), deviation(values)];
  return values.map((value) => (d > 0 ? (value - m) / d : Number.NaN));
};
/** In (0, 1]; ties share their mean rank. */
const ranked: Within = (values) =>
  values.map((value) => {
    let [less, equal] = [0, 0];
    for (const other of values) {
      if (other < value) less++;
      else if (other === value) equal++;
    }
    return (less + (equal + 1) / 2) / values.length;
  });
const winsorised: Within = (values, k) => {
  if (values.length === 0) return values;
  const middle = median(values);
  const reach = k * median(values.map((value) => Math.abs(value - middle)));
  return values.map((value) => Math.max(middle - reach, Math.min(middle + reach, value)));
};
const scaled: Within = (values) => {
  const total = values.reduce((sum, value) => sum + Math.abs(value), 0);
  return values.map((value) => divide(value, total));
};

export const demean = overAll(demeaned);
export const norm = overAll(normalised);
export const rank = overAll(ranked);
export const winsor = overAll(winsorised);
export const scale = overAll(scaled);
export const groupDemean = overGroups(demeaned);
export const groupNorm = overGroups(normalised);
export const groupRank = overGroups(ranked);

/** Residual of the date's least-squares line of x on y, over symbols that have both; missing when y does not vary. */
export const residual: Reference = (day, other, _extra, out) => {
  out.fill(Number.NaN);
  const cells = present(day).filter((cell) => !Number.isNaN(other[cell]));
  const x = Float64Array.from(cells, (cell) => day[cell] as number);
  const y = Float64Array.from(cells, (cell) => other[cell] as number);
  const [mx, my] = [mean(x), mean(y)];
  const vy = y.reduce((total, value) => total + (value - my) ** 2, 0);
  const slope = x.reduce((total, value, i) => total + (value - mx) * ((y[i] as number) - my), 0) / vy;
  for (const [i, cell] of cells.entries()) {
    out[cell] = vy > 0 ? (x[i] as number) - mx - slope * ((y[i] as number) - my) : Number.NaN;
  }
};
