/** The page and the pictures a command is asked for: refused before anything is computed, written when all of it is known. */
import { statSync } from 'node:fs';
import { EvolveError } from '../../core/failure.ts';
import { isWithin, outputPlace } from '../../evaluation/output-place.ts';
import { OutputFile } from '../../evaluation/write-output.ts';
import { writePictures } from './write-pictures.ts';

export interface ReportWishes {
  /** An .html file to write. */
  readonly report?: string | undefined;
  /** A folder for pictures. */
  readonly pictures?: string | undefined;
  readonly overwrite?: boolean | undefined;
}

export interface Reported {
  readonly page: () => Promise<string>;
  /** By the name of the file, without its ending. */
  readonly pictures: () => Promise<ReadonlyMap<string, string>>;
}

export interface ReportOutputs {
  write(reported: Reported): Promise<void>;
  abandon(): void;
}

/** `read`: what the command reads, which is not written over. */
export function reportOutputs(
  { report, pictures, overwrite = false }: ReportWishes,
  read: readonly (string | undefined)[],
): ReportOutputs {
  const inputs = read.filter((input) => input !== undefined);
  if (report !== undefined && !/\.html$/i.test(report)) {
    throw new EvolveError('bad-argument', `--report ${quoted(report)} is a page and must end in .html.`);
  }
  if (pictures !== undefined) expectFolder(pictures, report, inputs);
  const page = report === undefined ? undefined : new OutputFile(report, { overwrite, inputs });
  return {
    async write(reported) {
      page?.write(Buffer.from(await reported.page()));
      if (pictures !== undefined) writePictures(pictures, await reported.pictures(), { overwrite, inputs });
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
