import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with our package.json: the same whether this file runs from source or from dist/. */
export const packageRoot: string = climb(dirname(fileURLToPath(import.meta.url)));

/** Workers and kernels are always the built ones; a test that runs from source uses them too. */
export const builtFile = (...path: string[]): string => join(packageRoot, 'dist', ...path);

export const packageVersion: string = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version;

function climb(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : climb(dirname(folder));
}
