/** The files `evolve evaluate` is asked for: refused before anything is computed, written when all of it is known. */
import { statSync } from 'node:fs';
import { EvolveError } from '../../core/failure.ts';
import { isWithin, outputPlace } from '../../evaluation/output-place.ts';
import type { TearSheet } from '../../evaluation/tear-sheet/sheet.ts';
import { OutputFile } from '../../evaluation/write-output.ts';
import type { EvaluateOptions } from './evaluate-options.ts';

export interface SheetOutputs {
  write(sheet: TearSheet): Promise<void>;
  abandon(): void;
}

/** `read`: what is judged, and where it is judged. */
export function sheetOutputs(
  { report, pictures, overwrite = false }: Pick<EvaluateOptions, 'report' | 'pictures' | 'overwrite'>,
  read: readonly (string | undefined)[],
): SheetOutputs {
  const inputs = read.filter((input) => input !== undefined);
  if (report !== undefined && !/\.html$/i.test(report)) {
    throw new EvolveError('bad-argument', `--report ${quoted(report)} is a page and must end in .html.`);
  }
  if (pictures !== undefined) expectFolder(pictures, report, inputs);
  const page = report === undefined ? undefined : new OutputFile(report, { overwrite, inputs });
  return {
    async write(sheet) {
      if (page) {
        const { tearSheetPage } = await import('../report/tear-sheet-page.ts');
        page.write(Buffer.from(await tearSheetPage(sheet)));
      }
      if (pictures !== undefined) {
        const { writePictures } = await import('./write-pictures.ts');
        await writePictures(pictures, sheet, { overwrite, inputs });
      }
      page?.finish();
    },
    abandon: () => page?.abandon(),
  };
}

function expectFolder(pictures: string, report: string | undefined, inputs: readonly string[]): void {
  if (pictures === '') throw new EvolveError('bad-argument', '--pictures "" has no name. Name a folder.');
  const place = outputPlace(pictures, inputs);
  if (report !== undefined && isWithin(place, outputPlace(report, inputs))) {
    throw new EvolveError(
      'bad-argument',
      `--report ${report} is a file and --pictures ${pictures} a folder. Give them different names.`,
    );
  }
  if (isNoFolder(place)) {
    throw new EvolveError('unwritable', `Cannot write pictures into ${pictures}: it is a file. Name a folder.`);
  }
}

/** Something that is no folder; what cannot be looked at is said when it is made. */
function isNoFolder(place: string): boolean {
  try {
    return statSync(place, { throwIfNoEntry: false })?.isDirectory() === false;
  } catch {
    return false;
  }
}

const quoted = (path: string): string => (path === '' ? '""' : path);
