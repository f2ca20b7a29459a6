/** A training as it goes on: what is said once, and one line that is rewritten on a terminal, plain lines otherwise. */
import type { BackendChoice } from '../../models/graph/backend.ts';
import { unlabelledWords } from '../../models/samples/label-counts.ts';
import type { ModelManifest } from '../../models/training/model-manifest.ts';
import type { EpochRecord, TrainingProgress } from '../../models/training/training-progress.ts';
import type { TrainingRule } from '../../models/training-rule.ts';
import { knownFuture } from './known-future.ts';
import { count, countOf } from './number.ts';
import { type Progress, progress } from './progress.ts';

type Begun = Extract<TrainingProgress, { kind: 'begun' }>;
type Epoch = Extract<TrainingProgress, { kind: 'epoch' }>;

export class TrainingProgressLines {
  #line: { readonly label: string; readonly shown: Progress } | undefined;
  #work: Work | undefined;

  show(step: TrainingProgress): void {
    switch (step.kind) {
      case 'stage':
        this.#of(step.label, step.total).step(step.done);
        break;
      case 'begun':
        this.#work = new Work(step);
        this.note(begun(step));
        break;
      case 'epoch':
        this.#work?.epoch(step);
        this.#training(`${step.fold}/${step.network} ${figures(step)}`);
        break;
      case 'network':
        this.#work?.trained(`${step.fold}/${step.result.network}`, step.result.epochs, step.done);
        this.#training(`${step.fold}/${step.result.network} done`);
    }
  }

  /** A sentence of its own. */
  note(sentence: string): void {
    this.done();
    console.error(sentence);
  }

  done(): void {
    this.#line?.shown.done();
    this.#line = undefined;
  }

  #training(note: string): void {
    const work = this.#work;
    if (work) this.#of('Training', work.networks).step(work.done, note, work.networks, work.share);
  }

  /** One at a time. */
  #of(label: string, total: number): Progress {
    if (this.#line?.label === label) return this.#line.shown;
    this.done();
    const shown = progress(label, total);
    this.#line = { label, shown };
    return shown;
  }
}

/** How much of a training is done, networks under way by their epochs. */
class Work {
  readonly networks: number;
  done: number;
  readonly #before: number;
  readonly #rule: TrainingRule;
  readonly #epochs: number[] = [];
  readonly #underWay = new Map<string, Epoch>();

  constructor({ manifest, networks, done }: Begun) {
    this.networks = networks;
    this.done = done;
    this.#before = done;
    this.#rule = manifest.rule;
  }

  epoch(step: Epoch): void {
    this.#underWay.set(`${step.fold}/${step.network}`, step);
  }

  trained(network: string, epochs: number, done: number): void {
    this.#underWay.delete(network);
    this.#epochs.push(epochs);
    this.done = done;
  }

  /** Nobody knows when the next network stops: about when the others did, and not before its patience is over. */
  get share(): number {
    const { patience } = this.#rule;
    const parts = [...this.#underWay.values()].map(({ record, bestEpoch }) => {
      const most = this.#rule.epochs * (record.stages ?? 1);
      const usual = this.#epochs.length > 0 ? this.#epochs.reduce((sum, n) => sum + n, 0) / this.#epochs.length : most;
      // Stages that come after this one begin when its patience is over.
      const left = (record.stages ?? 1) - (record.stage ?? 1);
      return record.epoch / Math.min(most, Math.max(usual, record.epoch, bestEpoch + patience * (1 + left)));
    });
    const all = this.networks - this.#before;
    return all > 0 ? (this.done - this.#before + parts.reduce((sum, part) => sum + part, 0)) / all : 1;
  }
}

function begun({ manifest, networks, done }: Begun): string {
  const { folds, rule, labels, styles, backend, factorLibrary, market, undated = [] } = manifest;
  const there = done > 0 ? `, ${done === networks ? 'all' : done} of them done` : '';
  const left = unlabelledWords(labels, count);
  const rest = left.length > 0 ? `; others teach nothing: ${left.join(', ')}` : '';
  return [
    `${manifest.model}: ${countOf(folds.length, 'training')} of ${countOf(rule.networks, 'network')}${there}.`,
    `${countOf(labels.labelled, 'label')} on the dates that teach${rest}.`,
    ...undated.map(
      (name) =>
        `${name} is known of one day only and taken for every date: on earlier dates labels know the future by it.`,
    ),
    ...(styles ? [stylesLine(styles)] : []),
    ...knownFuture(factorLibrary, folds[0]?.name as string),
    ...channelsLine(folds, 'unknownChannels', 'without a number on the training dates'),
    ...channelsLine(folds, 'constantChannels', 'of one value on the training dates'),
    ...(market.symbols === 2 && rule.loss.kind === 'ic'
      ? ['Of two symbols every correlation is 1 or -1: such a loss has next to nothing to learn from. Take --loss mse.']
      : []),
    backendLine(backend),
  ].join('\n');
}

/** Inputs of which some training learns nothing. */
function channelsLine(
  folds: ModelManifest['folds'],
  which: 'unknownChannels' | 'constantChannels',
  what: string,
): string[] {
  const lacking = folds.filter((fold) => fold[which]?.length);
  const names = new Set(lacking.flatMap((fold) => fold[which] ?? []));
  const [first] = names;
  if (first === undefined) return [];
  const whose = lacking.length === folds.length ? '' : ` of ${lacking.length} of the trainings`;
  return [
    `${countOf(names.size, 'input')} ${what}${whose}, such as ${first}: nothing is learned of ${names.size === 1 ? 'it' : 'them'}.`,
  ];
}

function stylesLine({ names, leftOut }: NonNullable<ModelManifest['styles']>): string {
  const missing = leftOut.map(({ name, reason }) => `${name} (${reason})`).join(', ');
  return `Neutral to ${names.join(', ')}.${missing ? ` Left out: ${missing}.` : ''}`;
}

/** Which one computes, and why not a faster one. */
export function backendLine({ name, version, device, passedOver }: BackendChoice): string {
  const others = passedOver.map((one) => `${one.name} (${one.reason})`).join(', ');
  return `Backend: ${name} ${version}${device ? ` on ${device}` : ''}.${others ? ` Passed over: ${others}.` : ''}`;
}

const figures = ({ record, bestEpoch }: { readonly record: EpochRecord; readonly bestEpoch: number }): string =>
  [
    ...(record.stage === undefined ? [] : [`stage ${record.stage} of ${record.stages ?? record.stage}`]),
    `epoch ${record.epoch}`,
    `${four(record.trainLoss)} train`,
    `${four(record.validLoss)} valid`,
    ...(record.unitLikeness === undefined ? [] : [`${record.unitLikeness.toFixed(2)} alike`]),
    `best ${bestEpoch}`,
  ].join('  ');

const four = (value: number): string => value.toFixed(4);
