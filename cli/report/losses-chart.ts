/** How a model learned: losses by epoch of every network, a field for each training. */
import type { KeptNetwork } from '../../models/training/trained-network.ts';
import type { LossRule } from '../../models/training-rule.ts';
import { axisText, type Chart, legend } from './chart.ts';
import { light, type ToneName } from './scheme.ts';

export interface FoldHistory {
  /** The first date it predicts. */
  readonly name: string;
  readonly networks: readonly KeptNetwork[];
}

type Point = readonly [epoch: number, loss: number];

/** Of a picture, and of the fields in it. */
const width = 1000;
const [left, gap, top, between] = [58, 56, 66, 58];

export function lossesChart(model: string, rule: LossRule, folds: readonly FoldHistory[]): Chart {
  const columns = Math.min(3, folds.length);
  const rows = Math.ceil(folds.length / columns);
  const fieldHeight = rows === 1 ? 280 : 170;
  const fieldWidth = (width - left - 20 - (columns - 1) * gap) / columns;
  const epochs = Math.max(...folds.flatMap(({ networks }) => networks.map(({ history }) => history.length)));
  const range = rangeOf(folds);
  const staged = folds.some(({ networks }) => networks.some(({ history }) => stagesOf(history).length > 0));
  return {
    name: 'losses',
    says: sentence(model, rule, folds),
    width,
    height: top + rows * (fieldHeight + between),
    option: {
      legend: legend(
        Object.entries(kinds)
          .filter(([name]) => staged || name !== 'next stage')
          .map(([name, { icon }]) => ({ name, ...(icon && { icon }) })),
      ),
      grid: folds.map((_, i) => ({
        left: left + (i % columns) * (fieldWidth + gap),
        top: top + Math.floor(i / columns) * (fieldHeight + between),
        width: fieldWidth,
        height: fieldHeight,
      })),
      xAxis: folds.map((_, gridIndex) => ({
        type: 'value',
        gridIndex,
        // A line needs two ends.
        ...{ min: 1, max: Math.max(2, epochs), minInterval: 1 },
        ...(gridIndex + columns >= folds.length && {
          ...{ name: 'epoch', nameLocation: 'middle', nameGap: 26, nameTextStyle: axisText },
        }),
        axisLabel: axisText,
        axisLine: { onZero: false, lineStyle: { color: light('mark') } },
        splitLine: { show: false },
      })),
      yAxis: folds.map(({ name }, gridIndex) => ({
        type: 'value',
        gridIndex,
        ...range,
        name: folds.length === 1 ? lossName(rule) : `predicts from ${name}`,
        nameTextStyle: { ...axisText, color: light('ink'), align: 'left', padding: [0, 0, 0, -left + 14] },
        splitNumber: 4,
        axisLabel: { ...axisText, showMaxLabel: false, showMinLabel: false },
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: light('line') } },
      })),
      series: folds.flatMap(fieldSeries),
    },
  };
}

type Kind = 'training loss' | 'validation loss' | 'best epoch' | 'next stage';

const kinds: Readonly<Record<Kind, { tone: ToneName; icon?: string }>> = {
  'training loss': { tone: 'pale' },
  'validation loss': { tone: 'strong' },
  'best epoch': { tone: 'ink', icon: 'circle' },
  'next stage': { tone: 'quiet', icon: 'rect' },
};

function fieldSeries({ networks }: FoldHistory, i: number) {
  const place = { xAxisIndex: i, yAxisIndex: i, silent: true };
  const line = (name: keyof typeof kinds, data: readonly Point[]) => ({
    ...{ type: 'line', name, data, symbol: 'none', ...place },
    itemStyle: { color: light(kinds[name].tone) },
    lineStyle: { color: light(kinds[name].tone), width: networks.length > 1 ? 1.2 : 2 },
  });
  const best = networks.map(({ history, result }): Point => {
    return [result.bestEpoch, history[result.bestEpoch - 1]?.validLoss as number];
  });
  const begun = networks.flatMap(({ history }) => stagesOf(history));
  return [
    ...networks.map(({ history }) =>
      line(
        'training loss',
        history.map(({ epoch, trainLoss }): Point => [epoch, trainLoss]),
      ),
    ),
    ...networks.map(({ history }) =>
      line(
        'validation loss',
        history.map(({ epoch, validLoss }): Point => [epoch, validLoss]),
      ),
    ),
    {
      ...{ type: 'scatter', name: 'best epoch', data: best, symbolSize: 6, ...place, z: 3 },
      itemStyle: { color: light(kinds['best epoch'].tone) },
    },
    {
      ...{ type: 'scatter', name: 'next stage', data: begun, symbol: 'rect', symbolSize: [2, 26], ...place, z: 2 },
      itemStyle: { color: light(kinds['next stage'].tone) },
    },
  ];
}

/** First epochs of the stages after the first. */
const stagesOf = (history: KeptNetwork['history']): Point[] =>
  history.flatMap(({ epoch, stage, validLoss }, i) =>
    i > 0 && stage !== history[i - 1]?.stage ? [[epoch, validLoss] as const] : [],
  );

/**
 * The same for all fields, so that they can be compared. What a network lost before it had learned anything would
 * flatten all that comes after: a first epoch may begin above.
 */
function rangeOf(folds: readonly FoldHistory[]): { readonly min: number; readonly max: number } {
  const histories = folds.flatMap(({ networks }) => networks.map(({ history }) => history));
  const all = histories.flatMap((history) => {
    const counted = history.length > 1 ? history.slice(1) : history;
    return [...counted.map(({ trainLoss }) => trainLoss), ...history.map(({ validLoss }) => validLoss)];
  });
  const known = all.filter(Number.isFinite);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const margin = 0.04 * (most - least) || 0.01;
  return { min: least - margin, max: most + margin };
}

const lossName = ({ kind }: LossRule): string => (kind === 'ic' ? 'minus the mean correlation' : 'mean squared error');

function sentence(model: string, rule: LossRule, folds: readonly FoldHistory[]): string {
  const best = folds.flatMap(({ name, networks }) => {
    const losses = networks.map(({ result }) => result.validLoss);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return losses.length > 0 ? [`${mean.toFixed(4)} in the training that predicts from ${name}`] : [];
  });
  const stages = folds.flatMap(({ networks }) => networks).find(({ result }) => result.stages)?.result.stages;
  const staged = stages ? ` Each learned in ${stages} stages.` : '';
  return `Losses of ${model} by epoch (${lossName(rule)}), training and validation.${staged} At their best epochs the networks come to a mean validation loss of ${best.join(', ')}.`;
}
