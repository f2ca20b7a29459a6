/** A thread that trains one network after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { EvolveError } from '../../core/failure.ts';
import type { FeatureReader } from '../features/feature-store.ts';
import { chooseBackend } from '../graph/backend.ts';
import { useKernels } from '../graph/kernels.ts';
import { PlainKernels } from '../kernels/plain-kernels.ts';
import { Recurrent } from '../kernels/recurrent.ts';
import { modelNamed } from '../models.ts';
import { networkSamples } from './network-samples.ts';
import { openReaders } from './open-readers.ts';
import { trainingStream } from './streams.ts';
import { trainNetwork } from './train-network.ts';
import type { TrainingJob, TrainingMessage, TrainingSetting } from './training-job.ts';

const port = parentPort;
if (!port) throw new Error('training-worker is a thread, not a program');
const setting = workerData as TrainingSetting;
const say = (message: TrainingMessage): void => port.postMessage(message);

/** A user's mistake arrives as one; what else is thrown ends the thread, and its stack is heard of. */
const failed = (error: unknown): void => {
  if (!(error instanceof EvolveError)) throw error;
  say({ kind: 'failed', code: error.code, sentence: error.message, details: error.details });
};

const ready = begin();
ready.then(() => say({ kind: 'ready' }), failed);
port.on('message', (job: TrainingJob) => {
  ready.then((readers) => train(job, readers)).then(say, failed);
});

async function begin(): Promise<FeatureReader[]> {
  await chooseBackend(setting.backend);
  useKernels({ recurrent: new Recurrent({ threads: setting.threads }), plain: new PlainKernels() });
  return openReaders(setting.places, setting.memory, setting.crew);
}

async function train(
  { name, train, valid, scalers, folder }: TrainingJob,
  readers: readonly FeatureReader[],
): Promise<TrainingMessage> {
  const { training, rule, parts, symbols, labels, returns, styles } = setting;
  const network = modelNamed(setting.model).network(parts, rule, trainingStream(name, 'fresh'));
  try {
    const source = { parts, readers, scalers, symbols, limit: rule.limit, labels, returns, styles };
    const kept = await trainNetwork({
      ...{ name, training, network, rule, train, valid, folder },
      ...networkSamples(source, network.reads),
      due: () => Atomics.load(setting.leave, 0) !== 0,
      onEpoch: (record, bestEpoch) => say({ kind: 'epoch', record, bestEpoch }),
    });
    return kept ? { kind: 'trained', kept } : { kind: 'left' };
  } finally {
    network.dispose();
  }
}
