/** Builds dist/: TypeScript by tsc, the SIMD kernels by the AssemblyScript compiler. No shell, so it runs on any platform. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

const tsc = spawnSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

await assemble('operators/wasm/assembly/kernels.ts', join('operators', 'wasm', 'kernels.wasm'));
await assemble('models/kernels/assembly/recurrent.ts', join('models', 'kernels', 'recurrent.wasm'));
await assemble('models/kernels/assembly/plain.ts', join('models', 'kernels', 'plain.wasm'), { shared: false });

async function assemble(source, target, { shared } = { shared: true }) {
  const wasm = join(root, 'dist', target);
  mkdirSync(dirname(wasm), { recursive: true });
  const before = bytes(wasm);
  const { error, stderr } = await asc.main([
    source,
    ...['--baseDir', root, '--outFile', wasm],
    ...['--runtime', 'stub', '-O3', '--converge', '--noAssert'],
    ...['--enable', 'simd', '--importMemory', '--initialMemory', '1'],
    // Memory is made by core/arena.ts and shared by all threads; its largest size must match there.
    ...(shared ? ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'] : []),
  ]);
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
  if (bytes(wasm) !== before) console.error(`${basename(wasm)}: ${before} -> ${bytes(wasm)} bytes`);
}

function bytes(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
