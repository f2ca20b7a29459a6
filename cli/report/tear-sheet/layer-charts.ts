/** What holding the layers of a factor would have made. */
import type { LayerReport } from '../../../evaluation/tear-sheet/layers.ts';
import { type Chart, legend } from '../chart.ts';
import type { ToneName } from '../scheme.ts';
import { percentOf } from './figures.ts';
import {
  bars,
  categories,
  dateCategories,
  drawable,
  grid,
  height,
  line,
  numbers,
  numbersFromZero,
  percentAxis,
  thinned,
  width,
  zero,
} from './plot.ts';

const scale: readonly ToneName[] = ['strong', 'middle', 'soft', 'mark', 'faint', 'pale', 'warm'];

/** Blue at the top, orange at the bottom. */
function toneOf(layer: number, layers: number): ToneName {
  if (layers < 2) return 'strong';
  return scale[Math.round((layer / (layers - 1)) * (scale.length - 1))] as ToneName;
}

/** Each layer over the universe, net of costs. */
export function excessChart(name: string, { layers, navDates }: LayerReport): Chart {
  const shown = thinned(navDates.length, Math.max(100, Math.floor(2000 / Math.max(1, layers.length))));
  const series = layers.map(({ excessNav }, i) => {
    const edge = i === 0 || i === layers.length - 1;
    const values = shown.map((t) => drawable(excessNav[t]));
    return {
      ...line(layerName(i, layers.length), toneOf(i, layers.length), values, edge ? 2.2 : 1.3),
      z: edge ? 4 : 3,
    };
  });
  const edges = [series[0], ...(series.length > 1 ? [series.at(-1)] : [])].flatMap((each) => each ?? []);
  return {
    name,
    says: `Net value of each layer over the universe. ${layers.map(({ excess }, i) => `Layer ${i + 1}: ${percentOf(excess.annualReturn)} a year`).join('; ')}.`,
    width,
    height,
    option: {
      grid,
      legend: legend(edges.map((each) => ({ name: each.name, icon: 'rect' }))),
      xAxis: dateCategories(shown.map((t) => navDates[t] as string)),
      yAxis: numbers(),
      series,
    },
  };
}

const layerName = (layer: number, layers: number): string =>
  layer === 0 ? 'layer 1 (highest)' : layer === layers - 1 ? `layer ${layers} (lowest)` : `layer ${layer + 1}`;

export function longShortChart(name: string, { longShort, universe, navDates }: LayerReport): Chart {
  const shown = thinned(navDates.length);
  const of = (nav: readonly number[]) => shown.map((t) => drawable(nav[t]));
  return {
    name,
    says: `Net value of the highest layer less the lowest, and of the universe. Long-short: ${percentOf(longShort.annualReturn)} a year; universe: ${percentOf(universe.annualReturn)}.`,
    width,
    height,
    option: {
      grid,
      legend: legend([
        { name: 'long-short', icon: 'rect' },
        { name: 'universe', icon: 'rect' },
      ]),
      xAxis: dateCategories(shown.map((t) => navDates[t] as string)),
      yAxis: numbers(),
      series: [line('universe', 'shuffled', of(universe.nav), 1.5), line('long-short', 'strong', of(longShort.nav))],
    },
  };
}

export function annualExcessChart(name: string, { layers }: LayerReport): Chart {
  return {
    name,
    says: `Annual excess return of each layer. ${layers.map(({ excess }, i) => `${i + 1}: ${percentOf(excess.annualReturn)}`).join('; ')}.`,
    width,
    height,
    option: {
      grid: { ...grid, top: 16 },
      xAxis: categories(
        layers.map((_, i) => String(i + 1)),
        true,
      ),
      yAxis: numbersFromZero(percentAxis),
      series: [
        {
          ...bars(
            'annual excess',
            'strong',
            layers.map(({ excess }) => drawable(excess.annualReturn)),
          ),
          markLine: zero,
        },
      ],
    },
  };
}
