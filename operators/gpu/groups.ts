/** Within a date's groups: a thread for each cell, which looks for the others of its group among all symbols. */
import { addUp, missing, type Stage, settle } from './stage.ts';

const none = `return ${missing};`;
/** Every present symbol of the cell's group, as `w`; WGSL has no two loop variables of one name in one body. */
const each = (body: string, n = 'n'): string => `
  for (let ${n} = 0; ${n} < columns; ${n}++) {
    const w = x[this.thread.y][${n}];
    if (w > -3e38 && y[this.thread.y][${n}] == group) {${body}}
  }`;

const grouped = (name: string, body: string): readonly Stage[] => [
  {
    name,
    takes: ['x', 'y', 'columns'],
    gives: 'cells',
    body: `
  const v = x[this.thread.y][this.thread.x];
  const group = y[this.thread.y][this.thread.x];
  if (v < -3e38 || group < -3e38) ${none}
  ${body}`,
  },
];

/** Relative to the cell's own value, so a group of equals has a mean of exactly 0. */
const survey = `let total = 0.0;
  let lost = 0.0;
  let count = 0.0;
  let reach = 0.0;${each(`count += 1; reach = Math.max(reach, Math.abs(w - v));${addUp('(w - v)')}`)}
  if (reach > 1e35) ${none}
  const centre = total / count;`;

export const groupDemean = grouped('group_demean', `${survey}${settle('-centre')}`);
export const groupNorm = grouped(
  'group_norm',
  `${survey}
  if (reach < 1.1754944e-38) ${none}
  let squares = 0.0;${each('const e = (w - v - centre) / reach; squares += e * e;', 'again')}${settle(
    '-centre / reach / Math.sqrt(squares / (count - 1))',
  )}`,
);
export const groupRank = grouped(
  'group_rank',
  `let below = 0.0;
  let equal = 0.0;
  let count = 0.0;${each('count += 1; if (w < v) below += 1; if (w == v) equal += 1;')}
  return (below + (equal + 1) * 0.5) / count;`,
);
