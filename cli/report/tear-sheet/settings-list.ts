/** How the figures were made: whoever reads them years later need not guess a convention. */
import type { TearSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import { count, rate } from '../../print/number.ts';
import { partName } from '../../print/part-name.ts';
import { type Html, html } from '../html.ts';
import { decimals } from './figures.ts';

export function settingsList({ market, settings, tried, luckyT, version }: TearSheet): Html {
  const { lag, horizon, every, price, cost, embargo, neutralise, universe, shortCost, weightedBy } = settings;
  const weighted = weightedBy === undefined ? '' : `; the regression is weighted by the root of ${weightedBy}`;
  const facts: [string, string | undefined][] = [
    ['Market', `${market.name}: ${count(market.symbols)} symbols, ${count(market.dates)} dates, ${market.hash}`],
    ['Part', partName(settings)],
    ['Embargo', `${dates(embargo)} at the end have no label inside the part`],
    ['Universe', universe === undefined ? 'all symbols' : `symbols above 0 in ${universe}`],
    ['Preset', settings.preset],
    ['Label', `return at ${price} from ${dates(lag)} after the value is known, held ${dates(horizon)}`],
    [
      'Correlations',
      `${every === 1 ? 'every date' : `every ${count(every)} dates`}${every < horizon ? '; labels overlap, which the Newey-West t allows for' : ''}; ICIR is mean / standard deviation, not annualised`,
    ],
    ['Winsorised', settings.winsorise],
    ['Standardised', settings.standardise ? 'yes, by mean and population standard deviation of the date' : 'no'],
    ['Neutralised', neutralise.length > 0 ? `${neutralise.join(', ')}${weighted}` : 'no'],
    [
      'Layers',
      settings.layers === 0
        ? 'none'
        : `${count(settings.layers)} of equal weights, made anew every ${dates(settings.rebalance)}, traded at ${settings.trade} of the next; what cannot trade stays`,
    ],
    [
      'Costs',
      settings.layers === 0
        ? undefined
        : `${rate(cost.buy)} of what is bought, ${rate(cost.sell)} of what is sold; the lowest layer’s are ${shortCost} to the long-short`,
    ],
    ['Annual figures', `${market.datesPerYear} dates a year; excess is prod(1 + r − universe), compounded`],
    [
      'Programs tried',
      tried === undefined
        ? undefined
        : `${count(tried)}${luckyT === undefined ? '' : `; the best of so many has a t of ${decimals(luckyT, 2)} by luck`}`,
    ],
    ['Made by', `evolve ${version}`],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">${known.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

const dates = (n: number): string => (n === 1 ? '1 date' : `${count(n)} dates`);
