import { type FeaturePlace, FeatureReader } from '../features/feature-store.ts';

/** What readers hold in memory, all together: as much as features are computed with. */
const usualMemory = 1024 ** 3;

/** One for each part, in this thread; so many threads, each with its own, share the memory. */
export const openReaders = (places: readonly FeaturePlace[], memory = usualMemory, threads = 1): FeatureReader[] =>
  places.map((place) => FeatureReader.open(place, { memory: Math.floor(memory / (places.length * threads)) }));
