/** Which features a model goes by: mean |SHAP|, the strongest on top. */
import type { RankedFeature } from '../../../models/explain/attribution.ts';
import { axisText, type Chart } from '../chart.ts';
import { light } from '../scheme.ts';
import { axisName, chartWidth, roomOf } from './axis-name.ts';
import { shapFigure } from './shap-figure.ts';

const rowHeight = 22;

export function importanceChart(name: string, features: readonly RankedFeature[]): Chart {
  const [first] = features;
  const strongest = features.slice(0, 3).map((feature) => `${feature.name}: ${shapFigure(feature.mean)}`);
  return {
    name,
    says: `Mean |SHAP| of ${features.length} features, the strongest first. ${strongest.join('; ') || 'There are none'}.`,
    width: chartWidth,
    height: 40 + rowHeight * Math.max(1, features.length),
    option: {
      grid: {
        left: roomOf(features.map((feature) => feature.name)),
        right: 72,
        top: 6,
        bottom: 34,
        outerBoundsMode: 'none',
      },
      xAxis: {
        type: 'value',
        min: 0,
        // An axis without a length has no place for its numbers.
        ...((first?.mean ?? 0) === 0 && { max: 1 }),
        splitNumber: 4,
        axisLabel: axisText,
        splitLine: { lineStyle: { color: light('line') } },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: features.map((feature) => axisName(feature.name)),
        axisLabel: { ...axisText, interval: 0 },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: light('mark') } },
      },
      series: [
        {
          type: 'bar',
          silent: true,
          barWidth: 12,
          itemStyle: { color: light('strong') },
          label: { show: true, position: 'right', color: light('quiet'), fontSize: 12 },
          data: features.map(({ mean }) => ({ value: mean, label: { formatter: shapFigure(mean) } })),
        },
      ],
    },
  };
}
