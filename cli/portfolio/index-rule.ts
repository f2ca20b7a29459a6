/** What `--index` says: the market's own, the largest by CAP, or weights from a file. */
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readScores } from '../../data/scores.ts';
import type { IndexRule } from '../../portfolio/index/index-weights.ts';

export interface IndexWish {
  readonly rule: IndexRule;
  /** A sentence for each thing that was left out. */
  readonly notes: readonly string[];
}

/** Without a wish it is the market's own index, or its larger half where it has none. */
export async function indexRule(wish: string | undefined, manifest: MarketManifest): Promise<IndexWish> {
  const has = (name: string): boolean => manifest.fields.some((field) => field.name === name);
  if (wish === 'market') return { rule: { kind: 'market' }, notes: [] };
  if (wish === undefined) {
    if (has('WEIGHT') || has('MEMBER')) return { rule: { kind: 'market' }, notes: [] };
    const to = Math.max(1, Math.floor(manifest.symbols.length / 2));
    return {
      rule: { kind: 'top', from: 1, to },
      notes: [
        `The market has no index (neither WEIGHT nor MEMBER): the ${to} of the highest CAP stand for one. Say which with --index.`,
      ],
    };
  }
  const top = /^top:(\d+)(?:-(\d+))?$/.exec(wish);
  if (top) {
    const [first, last] = [Number(top[1]), top[2] === undefined ? undefined : Number(top[2])];
    const [from, to] = last === undefined ? [1, first] : [first, last];
    return { rule: { kind: 'top', from, to }, notes: [] };
  }
  if (/^top\b/.test(wish)) {
    throw new EvolveError('bad-argument', `--index ${wish} should be top:300 or top:301-800.`);
  }
  const { names, values, dropped } = await readScores(wish, manifest);
  const [weights] = values;
  if (!weights || names.length > 1) {
    throw new EvolveError(
      'bad-argument',
      `--index ${wish} should have one column of weights beside date and symbol; it has ${names.join(', ')}.`,
    );
  }
  if (weights.some((weight) => weight < 0)) {
    throw new EvolveError('bad-data', `--index ${wish} has weights below 0. An index holds, it does not short.`);
  }
  return {
    rule: { kind: 'weights', values: weights, name: wish },
    notes: dropped.map(({ reason, rows, example }) => `${wish}: ${rows} left out, ${reason}, such as ${example}.`),
  };
}
