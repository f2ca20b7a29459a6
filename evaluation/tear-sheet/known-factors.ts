/** What is known already: the common price-volume factors and the styles, on some of the judged dates. */
import { allDone } from '../../core/all-done.ts';
import type { Matrix } from '../../core/arena.ts';
import { bind } from '../../program/bind.ts';
import { canonical } from '../../program/canonical.ts';
import { parse } from '../../program/parse.ts';
import { moments } from '../fitness.ts';
import { datesOf, type Panel, rowsOf, type Sample, thinned } from './panel.ts';
import { priceVolumeFactors } from './price-volume.ts';
import type { SheetProgress } from './progress.ts';
import type { Likeness } from './sheet.ts';
import { mostStyles, takeStyles, tooRareForStyles } from './take-styles.ts';

/** Correlations of so many dates have a standard error of a hundredth. */
const mostDates = 60;

interface Known {
  readonly name: string;
  readonly kind: Likeness['kind'];
  readonly doc: string;
  readonly values: Matrix;
}

export class KnownFactors {
  readonly #panel: Panel;
  readonly #sample: Sample;
  readonly #made: readonly Matrix[];
  readonly #known: readonly Known[];
  /** With a clause: why. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];

  private constructor(
    panel: Panel,
    sample: Sample,
    made: readonly Matrix[],
    known: readonly Known[],
    leftOut: KnownFactors['leftOut'],
  ) {
    this.#panel = panel;
    this.#sample = sample;
    this.#made = made;
    this.#known = known;
    this.leftOut = leftOut;
  }

  static async make(panel: Panel, sampled: Sample, onProgress: SheetProgress): Promise<KnownFactors> {
    const { evaluator, rule } = panel;
    const sample = thinned(sampled, mostDates);
    const made: Matrix[] = [];
    const known: Known[] = [];
    const leftOut: { name: string; reason: string }[] = [];
    const total = Number(rule.against.priceVolume) + Number(rule.against.styles);
    let done = 0;
    onProgress('Computing known factors', done, total);
    const over = <T>(one: T): T => {
      onProgress('Computing known factors', ++done, total);
      return one;
    };
    try {
      const into = rule.against.styles
        ? Array.from({ length: mostStyles }, () => evaluator.arena.matrix(sample.count, panel.symbols))
        : [];
      made.push(...into);
      // The styles keep one worker busy, and leave the others to the formulas.
      const [styled = none, common = none] = await allDone([
        rule.against.styles ? stylesOf(panel, sample, into).then(over) : undefined,
        rule.against.priceVolume ? priceVolume(panel, sample, made).then(over) : undefined,
      ] as const);
      const take = (kind: Likeness['kind'], { factors, into: values }: Found): void => {
        for (const [i, factor] of factors.entries()) known.push({ ...factor, kind, values: values[i] as Matrix });
      };
      take('price-volume', common);
      take('style', styled);
      leftOut.push(...common.leftOut, ...styled.leftOut);
      for (const { values } of known) await panel.prepare(values, sample, { neutral: false });
    } catch (error) {
      for (const { address } of made) evaluator.arena.release(address);
      throw error;
    }
    return new KnownFactors(panel, sample, made, known, leftOut);
  }

  close(): void {
    for (const { address } of this.#made) this.#panel.evaluator.arena.release(address);
  }

  /** Of a factor's values on all judged dates. */
  async likeness(values: Matrix): Promise<Likeness[]> {
    const own = rowsOf(values, { from: 0, step: this.#sample.step });
    const pairs = this.#known.map(({ values: other }) => ({
      a: own,
      b: rowsOf(other, { from: 0, step: 1 }),
    }));
    const means = async (method: 'pearson' | 'rank') =>
      (await this.#panel.related(method, pairs, this.#sample.count)).map((daily) => moments(daily).mean);
    const [pearson, spearman] = [await means('pearson'), await means('rank')];
    return this.#known.map(({ name, kind, doc }, k) => ({
      name,
      kind,
      doc,
      pearson: pearson[k] as number,
      spearman: spearman[k] as number,
    }));
  }
}

interface Found {
  readonly factors: readonly { readonly name: string; readonly doc: string }[];
  readonly into: readonly Matrix[];
  readonly leftOut: KnownFactors['leftOut'];
}

const none: Found = { factors: [], into: [], leftOut: [] };

/** Adds to `made` what is to be released. */
async function priceVolume({ evaluator }: Panel, sample: Sample, made: Matrix[]): Promise<Found> {
  const { vocabulary, market } = evaluator;
  const { factors, leftOut } = priceVolumeFactors(market.manifest);
  const programs = factors.map(({ name, expression }) => {
    const bound = bind(parse(expression, vocabulary), vocabulary, market.manifest.minute);
    if (bound.kind === 'refused') throw new Error(`${name} has no value on this market: ${bound.reason}`);
    return canonical(bound);
  });
  const into = await evaluator.sample(programs, datesOf(sample));
  made.push(...into);
  return { factors: factors.map(({ name, doc }) => ({ name, doc })), into, leftOut };
}

async function stylesOf({ evaluator, rule }: Panel, sample: Sample, into: readonly Matrix[]): Promise<Found> {
  const reason = tooRareForStyles(rule.datesPerYear);
  if (reason) return { ...none, leftOut: [{ name: 'styles', reason }] };
  const { found, leftOut } = await takeStyles(evaluator, { dates: rule.part.to, take: datesOf(sample), into });
  const factors = found.map(({ name, doc, without }) => ({
    name,
    doc: without.length > 0 ? `${doc} Here without ${without.join(', ')}, for want of fields.` : doc,
  }));
  return { factors, into, leftOut };
}
