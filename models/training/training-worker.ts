/** A thread that trains one network after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { EvolveError } from '../../core/failure.ts';
import { FeatureReader } from '../features/feature-store.ts';
import { chooseBackend } from '../graph/backend.ts';
import { useKernels } from '../graph/kernels.ts';
import { TrainingDiverged } from '../graph/optimiser.ts';
import { PlainKernels } from '../kernels/plain-kernels.ts';
import { Recurrent } from '../kernels/recurrent.ts';
import { modelNamed } from '../models.ts';
import { networkSamples } from './network-samples.ts';
import { trainingStream } from './streams.ts';
import { trainNetwork } from './train-network.ts';
import type { TrainingJob, TrainingMessage, TrainingSetting } from './training-job.ts';

const port = parentPort;
if (!port) throw new Error('training-worker is a thread, not a program');
const setting = workerData as TrainingSetting;
const say = (message: TrainingMessage): void => port.postMessage(message);

await chooseBackend(setting.backend);
useKernels({ recurrent: new Recurrent({ threads: setting.threads }), plain: new PlainKernels() });
const readers = setting.places.map((place) => FeatureReader.open(place));

port.on('message', (job: TrainingJob) => {
  train(job).then(say, (error: unknown) => {
    const mistake = error instanceof TrainingDiverged ? diverged(job, error) : error;
    if (!(mistake instanceof EvolveError)) throw error;
    say({ kind: 'failed', code: mistake.code, sentence: mistake.message, details: mistake.details });
  });
});
say({ kind: 'ready' });

const diverged = ({ name }: TrainingJob, error: TrainingDiverged): EvolveError =>
  new EvolveError(
    'bad-argument',
    `Network ${name.network + 1} of fold ${name.fold + 1} diverged: the gradient of ${error.variable} is no finite number any more. Use a smaller --learning-rate, --clip-norm 1, or draw inputs in by --limit 5.`,
    { cause: error },
  );

async function train({ name, train, valid, scalers, folder }: TrainingJob): Promise<TrainingMessage> {
  const { rule, parts, symbols, labels, styles } = setting;
  const network = modelNamed(setting.model).network(parts, rule, trainingStream(name, 'fresh'));
  try {
    const source = { parts, readers, scalers, symbols, limit: rule.limit, labels, styles };
    const kept = await trainNetwork({
      ...{ name, network, rule, train, valid, folder },
      ...networkSamples(source, network.reads),
      due: () => Atomics.load(setting.leave, 0) !== 0,
      onEpoch: (record, bestEpoch) => say({ kind: 'epoch', record, bestEpoch }),
    });
    return kept ? { kind: 'trained', kept } : { kind: 'left' };
  } finally {
    network.dispose();
  }
}
