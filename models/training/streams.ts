/** Random streams of training, named by (seed, fold, network, epoch): a resumed training draws what the first would have. */
import { type Stream, stream } from '../../core/random.ts';

/** Which network of which training: its streams meet no other's. */
export interface NetworkName {
  readonly seed: number;
  readonly fold: number;
  /** From 0. */
  readonly network: number;
}

const purposes = ['fresh', 'shuffle', 'dropout'] as const;
/** More epochs than anyone trains. */
const mostEpochs = 2 ** 20;

/** For the weights a network begins with, the order of an epoch's rows and what drops out during it. */
export function trainingStream(
  { seed, fold, network }: NetworkName,
  purpose: (typeof purposes)[number],
  epoch = 0,
): Stream {
  return stream(seed, network * purposes.length + purposes.indexOf(purpose), fold * mostEpochs + epoch);
}
