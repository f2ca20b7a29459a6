/** What a custom series is told of the axes, and the shapes it draws into them. */
import { fontFamily } from '../chart.ts';
import { light, type ToneName } from '../scheme.ts';

export interface Plane {
  coord(point: readonly number[]): readonly [number, number];
  size(extent: readonly number[]): readonly [number, number];
}

/** One thing drawn once, over the axes. */
export const drawing = (children: (plane: Plane) => readonly object[]) => ({
  type: 'custom',
  silent: true,
  data: [[0, 0]],
  encode: { x: [], y: [] },
  renderItem: (_: unknown, plane: Plane) => ({ type: 'group', children: children(plane) }),
});

export const filled = (pathData: string, tone: ToneName, opacity = 1) => ({
  type: 'path',
  shape: { pathData },
  style: { fill: light(tone), opacity },
});

/** Round points: ways of no length with round ends are a tenth of the letters that circles are. */
export const points = (places: readonly (readonly [number, number])[], size: number, tone: ToneName) => ({
  type: 'path',
  shape: { pathData: places.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}Z`).join('') },
  style: { fill: 'none', stroke: light(tone), lineWidth: size, lineCap: 'round' },
});

export const written = (text: string, x: number, y: number, align: 'left' | 'right') => ({
  type: 'text',
  style: { text, x, y, align, verticalAlign: 'middle', fontFamily, fontSize: 12, fill: light('quiet') },
});

export const box = (x: number, y: number, width: number, height: number): string => {
  const [left, right] = [x.toFixed(1), (x + width).toFixed(1)];
  const [top, bottom] = [y.toFixed(1), (y + height).toFixed(1)];
  return `M${left} ${top}L${right} ${top}L${right} ${bottom}L${left} ${bottom}Z`;
};
