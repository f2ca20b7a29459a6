/**
 * The price and volume factors everybody knows, in the language factors are written in: what a new factor is compared
 * with before anybody believes it is new. The set and its windows are those of a broker's table (15 rows); where its
 * one line a factor can be read in more than one way, `reading` says which way was taken.
 *
 * Windows of the language are missing where one of their values is, so a factor of 60 dates begins anew after a date
 * without a bar.
 */
import { forFactors, type MarketManifest } from '../../data/market.ts';

export interface PriceVolumeFactor {
  readonly name: string;
  /** For the parser: a daily plain ratio on the market it was made for. */
  readonly expression: string;
  readonly doc: string;
}

export interface LeftOut {
  readonly name: string;
  /** A clause: what the market would need. */
  readonly reason: string;
}

/** How a market says what the rows need. */
interface Words {
  /** Bars a day. */
  readonly bars: number;
  /** The money traded on a date. */
  readonly money: string;
  /** The average price of a bar. */
  readonly average: string;
}

interface Row {
  readonly name: string;
  readonly doc: string;
  /** Which of several meanings of the name this is. */
  readonly reading?: string;
  readonly needs: readonly string[];
  /** Bars a day there must be; a row without reads daily fields only. */
  readonly leastBars?: number;
  readonly expression: (words: Words) => string;
}

const daily = 'ts_return(CLOSE, 1)';
const barReturn = 'bar_return(close, 1)';
/** The first bar has no bar before it to return from. */
const ofReturns = (operator: string, bars: number): string => `${operator}(${barReturn}, ${bars - 1})`;
/** A day at one price has no shape, which would cost the 60 dates after it: it counts as 0. */
const shape = (operator: string, bars: number): string =>
  `where(sign(${ofReturns('ts_std', bars)}), ${ofReturns(operator, bars)}, 0)`;
const size = `abs(${barReturn})`;
/**
 * The two returns before it begin with the second bar. Without the tenth a price that goes a tick up and a tick down
 * would only have extreme rises: the tick is more of the lower price than of the higher one.
 */
const extremes = (bars: number): string =>
  `ts_sum(where(gt(${size}, 1.1 * max2(bar_delay(${size}, 1), bar_delay(${size}, 2))), ${barReturn}, 0), ${bars - 3})`;

const rows: readonly Row[] = [
  {
    name: 'ret',
    doc: 'Return of the last 60 dates.',
    needs: ['CLOSE'],
    expression: () => 'ts_return(CLOSE, 60)',
  },
  {
    name: 'vol',
    doc: 'Standard deviation of the daily returns of the last 60 dates.',
    needs: ['CLOSE'],
    expression: () => `ts_std(${daily}, 60)`,
  },
  {
    name: 'lnto',
    doc: 'Logarithm of the mean daily turnover of the last 60 dates.',
    needs: ['TURN'],
    expression: () => 'log(ts_mean(TURN, 60))',
  },
  {
    name: 'ivol',
    doc: 'Standard deviation of the daily returns of the last 60 dates that the market does not explain.',
    reading: "The market alone explains, by its return; a size and a value portfolio are not among a market's fields.",
    needs: ['CLOSE', 'MKT_RETURN'],
    expression: () => `ts_std(${daily}, 60) * sqrt(1 - power(ts_corr(${daily}, MKT_RETURN, 60), 2))`,
  },
  {
    name: 'ivr',
    doc: 'Share of the variance of the daily returns of the last 60 dates that the market does not explain (1 - R²).',
    reading: 'As for ivol, the market alone explains.',
    needs: ['CLOSE', 'MKT_RETURN'],
    expression: () => `1 - power(ts_corr(${daily}, MKT_RETURN, 60), 2)`,
  },
  {
    name: 'lnamihud',
    doc: "Logarithm of Amihud's illiquidity: the mean size of the daily return per money traded, over 60 dates.",
    reading:
      "Divided by the sum over the symbols before the logarithm, which moves every symbol of a date alike and takes the currency out: the date's order and correlations stay.",
    needs: ['CLOSE', 'VOLUME'],
    expression: ({ money }) => `log(cs_scale(ts_mean(abs(${daily}) / ${money}, 60)))`,
  },
  {
    name: 'apb_5d',
    doc: 'Average price bias of 5 daily bars: logarithm of the plain mean of their average prices over the volume-weighted mean.',
    needs: ['VWAP', 'VOLUME'],
    expression: () => 'log(ts_mean(VWAP, 5) * ts_sum(VOLUME, 5) / ts_sum(VWAP * VOLUME, 5))',
  },
  {
    name: 'skew',
    doc: "Mean over 60 dates of the skewness of the day's bar returns.",
    reading: 'Bias-corrected; a day at one price counts as 0.',
    needs: ['close'],
    leastBars: 4,
    expression: ({ bars }) => `ts_mean(${shape('ts_skew', bars)}, 60)`,
  },
  {
    name: 'kurt',
    doc: "Mean over 60 dates of the kurtosis of the day's bar returns.",
    reading: 'Excess and bias-corrected; a day at one price counts as 0.',
    needs: ['close'],
    leastBars: 5,
    expression: ({ bars }) => `ts_mean(${shape('ts_kurt', bars)}, 60)`,
  },
  {
    name: 'jump',
    doc: "Sum over 60 dates of the day's extreme bar returns.",
    // In simulated minutes (fat tails, clusters, ticks, a busy open and close) the sums of 60 dates have a rank
    // correlation of 0.76 with those of the usual rule, and its spread; the day's largest and smallest alone reach 0.50.
    reading:
      "A bar's return is extreme when it is a tenth larger in size than each of the two before it. The usual rule is the distance from the day's median, but the language has no way back from a daily value to the bars.",
    needs: ['close'],
    leastBars: 4,
    expression: ({ bars }) => `ts_sum(${extremes(bars)}, 60)`,
  },
  {
    name: 'mom',
    doc: 'Sum over 60 dates of the overnight return and the moderate bar returns.',
    reading: "The moderate ones are all that jump leaves: the date's return less its extreme bar returns.",
    needs: ['CLOSE', 'close'],
    leastBars: 4,
    expression: ({ bars }) => `ts_sum(${daily} - ${extremes(bars)}, 60)`,
  },
  {
    name: 'apb',
    doc: "Mean over 60 dates of the average price bias of the day's bars.",
    reading:
      'The window is that of the other rows of bars, the table giving none; the price of a bar without a vwap or amount is its close.',
    needs: ['close', 'volume'],
    leastBars: 2,
    expression: ({ bars, average }) =>
      `ts_mean(log(ts_mean(${average}, ${bars}) * ts_sum(volume, ${bars}) / ts_sum(${average} * volume, ${bars})), 60)`,
  },
  {
    name: 'sdvhhi',
    doc: "Standard deviation over 60 dates of the concentration of the day's volume: the sum of its bars' squared shares.",
    needs: ['volume'],
    leastBars: 2,
    expression: ({ bars }) => `ts_std(ts_sum(power(volume, 2), ${bars}) / power(ts_sum(volume, ${bars}), 2), 60)`,
  },
  {
    name: 'sdvvol',
    doc: "Standard deviation over 60 dates of the standard deviation of the day's bar volumes over their mean.",
    reading: "The table repeats sdvhhi's line here; the name says volatility, taken of volumes relative to the day's.",
    needs: ['volume'],
    leastBars: 2,
    expression: ({ bars }) => `ts_std(ts_std(volume, ${bars}) / ts_mean(volume, ${bars}), 60)`,
  },
  {
    name: 'arpp',
    doc: 'Average relative price position: where the time-weighted average price of 5 dates lies between their low (0) and high (1).',
    reading: "Averaged over the closes of the bars, between the daily bars' LOW and HIGH.",
    needs: ['close', 'LOW', 'HIGH'],
    leastBars: 1,
    expression: ({ bars }) =>
      `(ts_mean(ts_mean(close, ${bars}), 5) - ts_min(LOW, 5)) / (ts_max(HIGH, 5) - ts_min(LOW, 5))`,
  },
];

/** Those the market can say, in the table's order, and why it cannot say the others. */
export function priceVolumeFactors(manifest: MarketManifest): {
  readonly factors: readonly PriceVolumeFactor[];
  readonly leftOut: readonly LeftOut[];
} {
  const fields = new Set(manifest.fields.filter(forFactors).map((field) => field.name));
  const bars = manifest.minute?.starts.length ?? 0;
  const words: Words = { bars, money: money(fields), average: average(fields) };
  const factors: PriceVolumeFactor[] = [];
  const leftOut: LeftOut[] = [];
  for (const row of rows) {
    const reason = lack(row, fields, bars);
    if (reason) leftOut.push({ name: row.name, reason });
    else {
      const doc = row.reading ? `${row.doc} ${row.reading}` : row.doc;
      factors.push({ name: row.name, expression: row.expression(words), doc });
    }
  }
  return { factors, leftOut };
}

function lack({ needs, leastBars = 0 }: Row, fields: ReadonlySet<string>, bars: number): string | undefined {
  if (leastBars > 0 && bars === 0) return 'the market has no minute bars';
  const absent = needs.filter((name) => !fields.has(name));
  if (absent.length > 0) return `the market has no ${absent.join(' and no ')}`;
  return bars < leastBars ? `a day has ${bars} bars, and it needs ${leastBars}` : undefined;
}

function money(fields: ReadonlySet<string>): string {
  if (fields.has('AMOUNT')) return 'AMOUNT';
  return fields.has('VWAP') ? '(VWAP * VOLUME)' : '(CLOSE * VOLUME)';
}

/** A bar nobody traded in has no average price, and weighs nothing in a volume-weighted one: its close stands in. */
function average(fields: ReadonlySet<string>): string {
  if (fields.has('vwap')) return 'where(sign(volume), vwap, close)';
  return fields.has('amount') ? 'where(sign(volume), amount / volume, close)' : 'close';
}
