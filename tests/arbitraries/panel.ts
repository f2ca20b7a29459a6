/** Panels for kernel tests: ordinary ones, and the awkward ones real markets are made of. */
import { type Stream, stream } from '../../core/random.ts';

/** Date-major cells, every one exactly a float32. */
export interface Panel {
  readonly rows: number;
  readonly columns: number;
  readonly cells: Float32Array;
}

export function panel(rows: number, columns: number, cell: (t: number, i: number) => number): Panel {
  const cells = Float32Array.from({ length: rows * columns }, (_, at) => cell(Math.floor(at / columns), at % columns));
  return { rows, columns, cells };
}

export const column = (p: Panel, i: number): Float64Array =>
  Float64Array.from({ length: p.rows }, (_, t) => p.cells[t * p.columns + i] as number);
export const row = (p: Panel, t: number): Float64Array =>
  Float64Array.from(p.cells.subarray(t * p.columns, (t + 1) * p.columns));

/** By name, from one stream each, so a failure names what broke. */
export const panels: Record<string, (random: Stream) => Panel> = {
  'ordinary prices': (r) => walk(r, 90, 37, 20, 0.02),
  'prices with a 1e4 offset': (r) => panel(90, 21, () => 1e4 + r.normal()),
  'volumes near 1e9': (r) => panel(90, 21, () => Math.round(1e9 * Math.exp(r.normal()))),
  returns: (r) => panel(90, 21, () => 0.02 * r.normal()),
  holes: (r) => panel(120, 19, (_t, i) => (r.next() < i / 40 ? Number.NaN : 10 + r.normal())),
  'suspensions and listings': (r) =>
    panel(120, 18, (t, i) => (t < 5 * i || (t % 37 > 30 && i % 3 === 0) ? Number.NaN : 10 + r.normal())),
  ties: (r) => panel(90, 17, () => r.below(4)),
  'constant stretches': (r) => panel(120, 16, (t, i) => (Math.floor(t / 25) % 2 === i % 2 ? 7.3 : 7 + r.next())),
  'one outlier at the open': (r) => panel(90, 16, (t) => (t % 20 === 0 ? 1e6 : 1000 + 10 * r.normal())),
  'a long drift': (r) => panel(400, 9, (t, i) => 5 + i + t * 0.37 + 0.1 * r.normal()),
  'a session of bars': (r) => panel(600, 6, (t) => Math.round(1e6 * Math.exp(r.normal()) * (t % 240 === 0 ? 30 : 1))),
  'all missing': () => panel(30, 5, () => Number.NaN),
  'one symbol': (r) => walk(r, 60, 1, 5, 0.03),
  'one date': (r) => panel(1, 40, () => r.normal()),
  'two symbols': (r) => walk(r, 60, 2, 5, 0.03),
  denormals: (r) => panel(60, 11, () => 1e-40 * r.normal()),
  tiny: (r) => panel(60, 11, () => 1e-25 * r.normal()),
  huge: (r) => panel(60, 11, () => 1e30 * r.normal()),
  'near the largest float': (r) => panel(60, 11, () => 3e38 * (2 * r.next() - 1)),
  'zeros of both signs': (r) => panel(60, 11, () => r.pick([0, -0, 1, -1])),
  'mostly zero': (r) => panel(90, 13, () => (r.next() < 0.9 ? 0 : r.normal())),
};

export const panelOf = (name: string, salt = 0): Panel =>
  (panels[name] as (random: Stream) => Panel)(stream(11, salt, Object.keys(panels).indexOf(name)));

function walk(random: Stream, rows: number, columns: number, start: number, step: number): Panel {
  const last = Array.from({ length: columns }, () => start * Math.exp(random.normal()));
  return panel(rows, columns, (_t, i) => {
    last[i] = (last[i] as number) * Math.exp(step * random.normal());
    return last[i] as number;
  });
}
