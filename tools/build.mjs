/** Builds dist/: TypeScript by tsc, the SIMD kernels by the AssemblyScript compiler. No shell, so it runs on any platform. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

const tsc = spawnSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const wasm = join(root, 'dist', 'operators', 'wasm', 'kernels.wasm');
mkdirSync(dirname(wasm), { recursive: true });
const before = bytes(wasm);
const { error, stderr } = await asc.main([
  'operators/wasm/assembly/kernels.ts',
  ...['--baseDir', root, '--outFile', wasm],
  ...['--runtime', 'stub', '-O3', '--converge', '--noAssert'],
  ...['--enable', 'simd', '--enable', 'threads'],
  // The one memory of the market and every worker is made by core/arena.ts; its largest size must match there.
  ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
]);
if (error) {
  console.error(stderr.toString());
  process.exit(1);
}
if (bytes(wasm) !== before) console.error(`kernels.wasm: ${before} -> ${bytes(wasm)} bytes`);

function bytes(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
