/** Channels as programs of a market: any unit will do, but each must give a number to every symbol and date. */
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import { marketVocabulary } from '../../evaluation/evaluator.ts';
import { bind } from '../../program/bind.ts';
import { asFactor } from '../../program/build.ts';
import { canonical, type Interned } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { parse } from '../../program/parse.ts';
import type { Vocabulary } from '../../program/vocabulary.ts';
import type { Channel } from '../inputs.ts';

/** In the order of the channels; equal subtrees are one object. */
export function channelPrograms(channels: readonly Channel[], manifest: MarketManifest): Expression[] {
  const vocabulary = marketVocabulary(manifest);
  const interned: Interned = new Map();
  return channels.map((channel) => {
    try {
      return canonical(checked(channel.expression, vocabulary, manifest), interned);
    } catch (error) {
      if (!(error instanceof EvolveError)) throw error;
      throw new EvolveError(error.code, `Channel ${channel.name} on market ${manifest.name}: ${error.message}`, {
        details: error.details,
        cause: error,
      });
    }
  });
}

function checked(text: string, vocabulary: Vocabulary, manifest: MarketManifest): Expression {
  const bound = bind(parse(text, vocabulary), vocabulary, manifest.minute);
  if (bound.kind === 'refused') throw refusal(`${text} has no value on this market: ${bound.reason}`);
  const factor = asFactor(bound);
  if (factor.kind === 'refused' && factor.rule === 'kind') throw refusal(`${text} is no channel: ${factor.reason}`);
  return bound;
}

const refusal = (sentence: string): EvolveError => new EvolveError('bad-expression', `${sentence}.`);
