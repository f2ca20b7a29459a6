/** Net values in time, and below them what was lost since a former height. */
import type { BacktestReport } from '../../../portfolio/backtest/backtest-report.ts';
import { axisText, type Chart } from '../chart.ts';
import type { ToneName } from '../scheme.ts';
import { percentOf } from '../tear-sheet/figures.ts';
import { dateCategories, drawable, grid, line, numbers, percentAxis, thinned, width } from '../tear-sheet/plot.ts';
import { type DrawnPortfolio, indexName } from './drawn-portfolios.ts';
import { legendAbove } from './legend-rows.ts';
import { peaks } from './peaks.ts';

/** `labels` are what the legend calls the portfolios. */
export function netValueChart(
  name: string,
  { dates, index }: BacktestReport,
  portfolios: readonly DrawnPortfolio[],
  labels: readonly string[],
): Chart {
  const said = portfolios.map(
    ({ scenario: { name, performance } }) => `${name}: ${percentOf(performance.annualReturn)} a year`,
  );
  return valueChart(
    name,
    `Net values of the portfolios and of the index, and their drawdowns. ${said.join('; ')}; ${indexName}: ${percentOf(index.performance.annualReturn)}.`,
    dates,
    [
      { label: indexName, tone: 'shuffled', values: index.nav },
      ...portfolios.map(({ tone, scenario }, i) => ({ label: labels[i] as string, tone, values: scenario.nav })),
    ],
  );
}

export function excessChart(
  name: string,
  { dates }: BacktestReport,
  portfolios: readonly DrawnPortfolio[],
  labels: readonly string[],
): Chart {
  const said = portfolios.map(
    ({ scenario: { name, excess } }) =>
      `${name}: ${percentOf(excess.annualReturn)} a year, drawdown ${percentOf(excess.maxDrawdown)}`,
  );
  return valueChart(
    name,
    `Excess over the index, compounded, and its drawdown. ${said.join('; ')}.`,
    dates,
    portfolios.map(({ tone, scenario }, i) => ({ label: labels[i] as string, tone, values: scenario.excessNav })),
  );
}

interface Curve {
  readonly label: string;
  readonly tone: ToneName;
  readonly values: readonly number[];
}

/** Of the plots one above the other, and between them. */
const [upper, lower, gap, below] = [180, 72, 40, 30];

function valueChart(name: string, says: string, dates: readonly string[], curves: readonly Curve[]): Chart {
  const shown = thinned(dates.length, Math.max(150, Math.min(400, Math.floor(2000 / Math.max(1, curves.length)))));
  const axis = dateCategories(shown.map((t) => dates[t] as string));
  // The index is listed last and drawn first.
  const listed = [...curves].sort((a, b) => Number(a.label === indexName) - Number(b.label === indexName));
  const { legend, top } = legendAbove(listed.map(({ label }) => ({ name: label, icon: 'rect' })));
  const thickness = curves.length > 4 ? 1.5 : 2;
  return {
    name,
    says,
    width,
    height: top + upper + gap + lower + below,
    option: {
      legend,
      grid: [
        { ...grid, top, height: upper, bottom: undefined },
        { ...grid, top: top + upper + gap, height: lower, bottom: undefined },
      ],
      xAxis: [
        { ...axis, axisLabel: { show: false } },
        { ...axis, gridIndex: 1 },
      ],
      yAxis: [
        numbers(),
        {
          ...numbers(percentAxis),
          gridIndex: 1,
          splitNumber: 2,
          max: 0,
          // Of what never fell.
          min: ({ min }: { readonly min: number }) => (min > -1e-9 ? -0.01 : null),
          name: 'drawdown',
          nameLocation: 'end',
          nameGap: 8,
          nameTextStyle: { ...axisText, align: 'left', padding: [0, 0, 0, -34] },
        },
      ],
      series: [
        ...curves.map(({ label, tone, values }) =>
          line(
            label,
            tone,
            shown.map((t) => drawable(values[t])),
            thickness,
          ),
        ),
        ...curves.map(({ label, tone, values }) => ({
          ...line(label, tone, peaks(drawdowns(values), shown).map(drawable), 1.2),
          xAxisIndex: 1,
          yAxisIndex: 1,
        })),
      ],
    },
  };
}

/** 0 at a height, -0.3 after a fall from 1 to 0.7. */
function drawdowns(values: readonly number[]): number[] {
  let height = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    height = Math.max(height, value);
    return value / height - 1;
  });
}
