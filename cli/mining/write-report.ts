/** The pictures of a run that is over, in its folder. */
import { join } from 'node:path';
import type { RoundRecord } from '../../engine/record.ts';
import type { FactorLibrary } from '../../runs/library.ts';
import { roundsPicture, runReport } from '../report/run-report.ts';
import type { KeptRun } from './kept-run.ts';
import type { Lineage } from './lineage.ts';
import { recordedRounds } from './recorded-rounds.ts';

export async function writeReport(
  { folder, config, refused }: KeptRun,
  backend: string,
  rounds: readonly RoundRecord[],
  library: FactorLibrary,
  stopped: string,
  placebo: boolean,
  line: Lineage | undefined,
): Promise<void> {
  const shuffled = placebo ? recordedRounds(join(folder.path, 'placebo')) : undefined;
  const page = await runReport({
    manifest: { ...folder.manifest, backend, config: { ...folder.manifest.config, ...config } },
    rounds,
    library,
    stopped,
    refused,
    ...(line && { lineage: line }),
    ...(shuffled && { placebo: shuffled }),
  });
  folder.write('report.html', page);
  folder.write('rounds.svg', await roundsPicture(rounds, shuffled));
}
