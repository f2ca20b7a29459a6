/** What `evolve` and `evolve improve` do: mine with the progress shown, then print what was found. */
import { memorySize } from '../../core/memory-size.ts';
import { endingInOrder } from '../interrupt.ts';
import type { MineProgress } from '../mining/mine-options.ts';
import { type GivenOptions, optionNames } from '../mining/search-options.ts';
import { mineReport } from '../print/mined.ts';
import { MiningProgress } from '../print/mining-progress.ts';
import type { RuntimeArguments } from './search-flags.ts';

export async function runMining(argv: RuntimeArguments, improve: string | undefined): Promise<void> {
  const { mine } = await import('../mining/mine.ts');
  const { data, warmStart, beside, out, resume, workers, memory, cache, backend, json } = argv;
  const shown = new MiningProgress();
  const ending = endingInOrder(() => shown.note('Finishing this step; press Ctrl-C again to stop at once.'));
  try {
    const report = await mine({
      ...givenOptions(argv),
      improve,
      data,
      warmStart,
      beside,
      out,
      resume,
      workers,
      memory: memory === undefined ? undefined : memorySize(memory),
      cache,
      backend,
      signal: ending.signal,
      onProgress: (progress: MineProgress) => {
        if (progress.kind === 'kept') ending.begin();
        else shown.show(progress);
      },
    });
    shown.done();
    console.log(json ? JSON.stringify(report, null, 2) : mineReport(report));
    if (report.stopped === 'interrupted') process.exitCode = Number(ending.signal.reason);
  } finally {
    ending.over();
    shown.done();
  }
}

function givenOptions(argv: RuntimeArguments): GivenOptions {
  const all = argv as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    optionNames.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])),
  ) as GivenOptions;
}
