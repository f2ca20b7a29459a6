import { useKernels } from '../graph/kernels.ts';
import { PlainKernels } from '../kernels/plain-kernels.ts';
import { Recurrent } from '../kernels/recurrent.ts';

/** Gives this thread its kernels for as long as the work takes; the recurrent ones on so many threads. */
export async function withKernels<Answer>(threads: number, work: () => Promise<Answer>): Promise<Answer> {
  const recurrent = new Recurrent({ threads });
  useKernels({ recurrent, plain: new PlainKernels() });
  try {
    return await work();
  } finally {
    recurrent.close();
  }
}
