import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../core/atomic-file.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { OutputFile, type OutputOptions } from '../../evaluation/write-output.ts';

/** Charts as .svg files in a folder, which is made when it is not there. */
export function writePictures(folder: string, pictures: ReadonlyMap<string, string>, options: OutputOptions): void {
  try {
    makeFolder(folder);
    readdirSync(folder); // a file of that name is said to be one
  } catch (cause) {
    throw new EvolveError('unwritable', `Cannot make the folder ${folder}: ${fileProblem(cause)}.`, { cause });
  }
  const place = (name: string): string => join(folder, `${name}.svg`);
  // A name that is taken is said before the first is written.
  for (const [name] of pictures) new OutputFile(place(name), options).abandon();
  for (const [name, svg] of pictures) {
    const file = new OutputFile(place(name), options);
    try {
      file.write(Buffer.from(svg));
      file.finish();
    } catch (error) {
      file.abandon();
      throw error;
    }
  }
}
