/** The styles of the risk model on some of a market's dates: one task for one worker, which fills rows that are given. */
import type { Evaluator } from '../evaluator.ts';
import { styleFields } from './styles.ts';
import type { SheetAnswer, StylesTask } from './tasks.ts';

/** There are fewer. */
export const mostStyles = 16;

/** Windows of the model are months and years of trading days. */
const leastDatesPerYear = 200;

/** Why a market of so many dates a year has no styles, with a clause. */
export const tooRareForStyles = (datesPerYear: number): string | undefined =>
  datesPerYear < leastDatesPerYear
    ? `their windows are of trading days, and the market has ${datesPerYear} dates a year`
    : undefined;

type Styled = Extract<SheetAnswer, { readonly kind: 'styled' }>;

/** Which styles there are, their values in `into`, in that order. All of `styleFields` that the market has must be loaded. */
export async function takeStyles(
  evaluator: Evaluator,
  { dates, take, into }: Pick<StylesTask, 'dates' | 'take' | 'into'>,
): Promise<Pick<Styled, 'found' | 'leftOut'>> {
  const { daily, manifest } = evaluator.market;
  const known = manifest.fields.filter(({ name }) => styleFields.includes(name));
  // What is known of one day only knows the future on those before.
  const fields = known.flatMap(({ name, kind, snapshot }) => {
    if (snapshot) return [];
    const matrix = daily.get(name);
    if (!matrix) throw new RangeError(`${name} was not loaded`);
    return [{ name, rows: { address: matrix.address, stride: matrix.stride }, vector: kind === 'v' }];
  });
  const rows = into.map(({ address, stride }) => ({ address, stride }));
  const answer = await evaluator.run({ kind: 'styles', dates, fields, take, into: rows });
  if (answer.kind !== 'styled') throw new Error('a styles task was answered by something else');
  const undated = known.filter(({ snapshot }) => snapshot).map(({ name }) => name);
  const leftOut = answer.leftOut.map(({ name, reason }) => {
    const lacking = undated.filter((field) => reason.includes(`no ${field}`));
    return { name, reason: lacking.length > 0 ? `${reason} but that of one day (${lacking.join(', ')})` : reason };
  });
  return { found: answer.found, leftOut };
}
