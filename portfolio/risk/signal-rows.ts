/**
 * Exposures and risk of signal dates, in one pass over the calendar: each date's styles are made, earn what the next
 * date's returns say, and are forgotten unless it is a signal date. A row reads nothing after its date.
 */
import type { Section } from '../../evaluation/tear-sheet/section.ts';
import { type DailyStyle, DailyStyles, drawIn, type StylePanel } from '../../evaluation/tear-sheet/styles.ts';
import { tooRareForStyles } from '../../evaluation/tear-sheet/take-styles.ts';
import type { ExposureRows, Panel, RiskRows } from '../inputs.ts';
import { FactorCovariance } from './factor-covariance.ts';
import { FactorRegression } from './factor-regression.ts';
import type { RiskMarket } from './risk-market.ts';
import { defaultRiskRule, type RiskRule } from './risk-rule.ts';
import { SpecificVariance } from './specific-variance.ts';

export interface SignalRows {
  readonly exposures: ExposureRows;
  readonly risk: RiskRows | undefined;
  /** Styles the market has no fields for, with a clause. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

export interface SignalRowsOptions {
  /** Exposures alone cost less: styles of other dates are not made. */
  readonly risk: boolean;
  readonly rule?: RiskRule | undefined;
  /** That variances are of; the market's without. */
  readonly datesPerYear?: number | undefined;
  /** Called as dates get done. */
  readonly onDates?: ((done: number, total: number) => void) | undefined;
}

/** `signals` are places in the calendar, ascending. */
export function signalRows(market: RiskMarket, signals: Int32Array, options: SignalRowsOptions): SignalRows {
  const { symbols, industries, datesPerYear } = market;
  const tooRare = tooRareForStyles(datesPerYear);
  const daily = tooRare === undefined ? new DailyStyles(stylePanel(market)) : undefined;
  const styles = daily?.styles ?? [];
  const groups = industries?.labels.length ?? 0;
  const model = options.risk ? new RiskModel(market, groups + 1, styles, options) : undefined;
  const K = groups + 1 + styles.length;
  const floats = (): Float32Array => new Float32Array(new SharedArrayBuffer(4 * signals.length * symbols));
  const codes = industries && floats();
  const values = styles.map(floats);
  const risk = model && {
    covariance: new Float64Array(new SharedArrayBuffer(8 * signals.length * K * K)),
    factors: K,
    specific: floats(),
  };
  const total = (signals.at(-1) ?? -1) + 1;
  let row = 0;
  for (let t = 0; t < total; t++) {
    // Before the styles become today's: yesterday's earn today's returns.
    model?.earn(t);
    daily?.step(t);
    const signal = signals[row] === t;
    if (signal || model) daily?.describe();
    model?.hold(t);
    if (signal) {
      codes?.set(rowOf(industries?.codes as Panel, t, symbols), row * symbols);
      for (const [k, { section }] of styles.entries()) values[k]?.set(section, row * symbols);
      if (risk) {
        model?.report(t, {
          covariance: risk.covariance.subarray(row * K * K, (row + 1) * K * K),
          specific: risk.specific.subarray(row * symbols, (row + 1) * symbols),
        });
      }
      row++;
    }
    options.onDates?.(t + 1, total);
  }
  return {
    exposures: {
      industries: codes,
      industryLabels: industries?.labels ?? [],
      styles: styles.map(({ name }, k) => ({ name, size: name === 'Size', values: values[k] as Float32Array })),
    },
    risk,
    leftOut: daily?.leftOut ?? [{ name: 'every style', reason: tooRare as string }],
  };
}

class RiskModel {
  readonly #market: RiskMarket;
  readonly #rule: RiskRule;
  readonly #datesPerYear: number;
  readonly #styles: readonly Section[];
  readonly #regression: FactorRegression;
  readonly #covariance: FactorCovariance;
  readonly #specific: SpecificVariance;
  readonly #close: Panel;
  readonly #cap: Panel | undefined;
  readonly #suspended: Panel | undefined;
  readonly #unknown: number;
  readonly #returns: Section;
  /** What was known at the close of the last date held, beside styles. */
  readonly #industries: Int32Array;
  /** The last that was known. */
  readonly #capital: Section;
  readonly #weights: Section;
  readonly #variances: Section;

  constructor(
    market: RiskMarket,
    industries: number,
    styles: readonly DailyStyle[],
    { rule = defaultRiskRule, datesPerYear = market.datesPerYear }: SignalRowsOptions,
  ) {
    const { symbols } = market;
    const close = market.field('CLOSE');
    if (!close) throw new RangeError('CLOSE was not loaded');
    this.#market = market;
    this.#rule = rule;
    this.#datesPerYear = datesPerYear;
    this.#styles = styles.map(({ section }) => section);
    this.#regression = new FactorRegression(symbols, industries, styles.length);
    this.#covariance = new FactorCovariance(industries, styles.length, rule);
    this.#specific = new SpecificVariance(symbols, rule);
    this.#close = close;
    this.#cap = market.field('CAP');
    this.#suspended = market.field('SUSPENDED');
    this.#unknown = industries - 1;
    this.#returns = new Float64Array(symbols);
    this.#industries = new Int32Array(symbols);
    this.#capital = new Float64Array(symbols).fill(Number.NaN);
    this.#weights = new Float64Array(symbols);
    this.#variances = new Float64Array(symbols);
  }

  /** What factors known at the close before, which was held, earned on this date. */
  earn(date: number): void {
    if (date === 0) return;
    this.#read(date);
    const regression = this.#regression;
    const fitted = regression.fit({
      returns: this.#returns,
      industries: this.#industries,
      styles: this.#styles,
      weights: this.#weights,
    });
    if (!fitted) return;
    this.#covariance.add(regression.factors);
    this.#specific.add(regression.residuals);
  }

  hold(date: number): void {
    const { industries, symbols } = this.#market;
    const codes = industries && rowOf(industries.codes, date, symbols);
    for (let n = 0; n < symbols; n++) {
      const code = codes?.[n] ?? Number.NaN;
      this.#industries[n] = Number.isNaN(code) ? this.#unknown : code;
    }
    const cap = this.#cap && rowOf(this.#cap, date, symbols);
    if (cap) for (let n = 0; n < symbols; n++) if ((cap[n] as number) > 0) this.#capital[n] = cap[n] as number;
    this.#weigh();
  }

  /** Annual, of the last date held. */
  report(date: number, into: { readonly covariance: Float64Array; readonly specific: Float32Array }): void {
    const { symbols } = this.#market;
    const datesPerYear = this.#datesPerYear;
    this.#covariance.covariance(into.covariance);
    if (Number.isNaN(into.covariance[0])) {
      into.specific.fill(Number.NaN);
      return;
    }
    for (let i = 0; i < into.covariance.length; i++) {
      into.covariance[i] = (into.covariance[i] as number) * datesPerYear;
    }
    const close = rowOf(this.#close, date, symbols);
    this.#specific.variances(this.#capital, (n) => (close[n] as number) > 0, this.#variances);
    for (let n = 0; n < symbols; n++) into.specific[n] = (this.#variances[n] as number) * datesPerYear;
  }

  /** A date without trade has no return, nor has the first one after dates without a close: its return is of more. */
  #read(date: number): void {
    const { symbols } = this.#market;
    const [close, before] = [rowOf(this.#close, date, symbols), rowOf(this.#close, date - 1, symbols)];
    const suspended = this.#suspended && rowOf(this.#suspended, date, symbols);
    const returns = this.#returns;
    for (let n = 0; n < symbols; n++) {
      const [today, last] = [close[n] as number, before[n] as number];
      returns[n] = today > 0 && last > 0 && suspended?.[n] !== 1 ? today / last - 1 : Number.NaN;
    }
    drawIn(returns, this.#rule.reach);
  }

  /** The root of capital; of those whose capital is unknown, the mean of the others'. */
  #weigh(): void {
    const [capital, weights] = [this.#capital, this.#weights];
    let sum = 0;
    let count = 0;
    for (let n = 0; n < weights.length; n++) {
      const root = Math.sqrt(capital[n] as number);
      weights[n] = root;
      if (Number.isNaN(root)) continue;
      sum += root;
      count++;
    }
    const usual = count > 0 ? sum / count : 1;
    for (let n = 0; n < weights.length; n++) if (Number.isNaN(weights[n])) weights[n] = usual;
  }
}

function rowOf({ cells, stride }: Panel, date: number, symbols: number): Float32Array {
  return cells.subarray(date * stride, date * stride + symbols);
}

/** Rows as far apart in every field as in CLOSE. */
function stylePanel({ dates, symbols, field }: RiskMarket): StylePanel {
  const stride = field('CLOSE')?.stride ?? symbols;
  const laid = new Map<string, Float32Array | undefined>();
  return {
    dates,
    symbols,
    stride,
    field: (name) => {
      if (!laid.has(name)) laid.set(name, layOut(field(name), dates, symbols, stride));
      return laid.get(name);
    },
  };
}

function layOut(panel: Panel | undefined, dates: number, symbols: number, stride: number): Float32Array | undefined {
  if (!panel || panel.stride === stride) return panel?.cells;
  const cells = new Float32Array(dates * stride);
  for (let t = 0; t < dates; t++) cells.set(rowOf(panel, t, symbols), t * stride);
  return cells;
}
