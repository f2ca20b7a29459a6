/**
 * Runs a command where WebGPU answers without a graphics card, on Linux, and passes on its exit code:
 * `node tools/software-adapter.mjs npx vitest run tests/gpu-operators.test.ts`.
 *
 * Dawn (npm `webgpu`) takes any Vulkan driver. SwiftShader is one that computes on the processor; it and Vulkan's
 * loader come out of an npm package, once, and stay in the cache folder. With `--system` before the command it is
 * Mesa's lavapipe, where that is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

/** Chromium for servers without one, of which SwiftShader's 7 MB are kept. */
const source = {
  name: '@sparticuz/chromium',
  version: '147.0.2',
  integrity: 'sha512-oqXyPAlGQuT9wdZAhcx4nmhehVgEsDc2adL/+FlX8qsLh/YyOgl9GQp8dPMDIBRmktxgA9c1QSNJIQUj2UeHhQ==',
};
const kept = ['libvulkan.so.1', 'libvk_swiftshader.so', 'vk_swiftshader_icd.json'];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// As in data/embedded.ts, which is there only once the project is built.
const cache = process.env.EVOLVE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'evolve');

// Ctrl-C reaches the command, too, which says how it ends; before it runs there is only what is half fetched.
let command;
process.on('SIGINT', () => command ?? process.exit(130));
process.on('SIGTERM', () => (command ? command.kill() : process.exit(143)));
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(2);
});

const system = process.argv[2] === '--system';
const [program, ...inputs] = process.argv.slice(system ? 3 : 2);
if (!program)
  refuse('Say what to run: node tools/software-adapter.mjs [--system] npx vitest run tests/gpu-operators.test.ts.');
if (process.platform !== 'linux')
  refuse(`Software adapters are set up on Linux; this is ${process.platform}, so run it in a container.`);
await checkDawn();
const env = { ...process.env, ...(system ? lavapipe() : await swiftShader()) };
console.error(`WebGPU on ${adapterName()}, which is software on this processor.`);

command = spawn(program, inputs, { env, stdio: 'inherit' });
command.on('error', ({ message }) => refuse(`${program} does not start (${message}): check its name.`));
command.on('close', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));

/** Before anything is fetched: loading Dawn needs no driver. */
async function checkDawn() {
  let file;
  try {
    file = createRequire(join(root, 'package.json')).resolve('webgpu');
  } catch {
    refuse('The package webgpu is not installed: npm i --no-save webgpu@0.6.2.');
  }
  try {
    await import(pathToFileURL(file));
  } catch (error) {
    const { glibcVersionRuntime: glibc = 'none' } = process.report.getReport().header;
    const [why] = error.message.split('\n');
    refuse(
      `The package webgpu does not load: ${why}. 0.6.2 needs glibc 2.34 and this system has ${glibc}: run the tests in a container of Debian 12, Ubuntu 22.04 or newer.`,
    );
  }
}

function lavapipe() {
  const folders = ['/usr/share', '/usr/local/share', '/etc'].map((folder) => join(folder, 'vulkan', 'icd.d'));
  const manifests = folders
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const manifest = manifests.find((file) => /lvp_icd.*\.json$/.test(file));
  if (!manifest) refuse('Lavapipe is not installed: apt install mesa-vulkan-drivers, or leave out --system.');
  return driver(manifest);
}

async function swiftShader() {
  if (process.arch !== 'x64')
    refuse(`SwiftShader is fetched for x64 only, and this is ${process.arch}: take --system.`);
  const folder = join(cache, `swiftshader-${source.version}`);
  if (!existsSync(folder)) await fetchSwiftShader(folder);
  const libraries = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return { LD_LIBRARY_PATH: libraries, ...driver(join(folder, 'vk_swiftshader_icd.json')) };
}

/** Loaders before 1.3.207 read the second. */
function driver(manifest) {
  return { VK_DRIVER_FILES: manifest, VK_ICD_FILENAMES: manifest };
}

/** By npm, which knows the user's registry and proxy. Others may do the same meanwhile: what is there first stays. */
async function fetchSwiftShader(folder) {
  let temporary;
  try {
    mkdirSync(cache, { recursive: true });
    temporary = mkdtempSync(`${folder}-`);
  } catch ({ message }) {
    refuse(`Nothing can be kept in ${cache} (${message}): name another folder in EVOLVE_CACHE.`);
  }
  process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));
  const what = `${source.name}@${source.version}`;
  await packed(what, temporary);

  const [file] = readdirSync(temporary);
  const archive = readFileSync(join(temporary, file));
  if (`sha512-${createHash('sha512').update(archive).digest('base64')}` !== source.integrity) {
    refuse(`What the npm registry gives for ${what} is not what was published: try another registry.`);
  }
  const unpacked = join(temporary, 'unpacked');
  mkdirSync(unpacked);
  const drivers = tar(['-xzO', 'package/bin/swiftshader.tar.br'], archive);
  tar(['-x', '--no-same-owner', '-C', unpacked, ...kept], brotliDecompressSync(drivers));
  try {
    renameSync(unpacked, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

async function packed(what, folder) {
  const started = Date.now();
  const say = () =>
    process.stderr.write(
      `\rFetching SwiftShader, 68 MB, from the npm registry ... ${Math.round((Date.now() - started) / 1000)} s`,
    );
  const progress = process.stderr.isTTY ? setInterval(say, 1000) : undefined;
  if (!progress) console.error('Fetching SwiftShader, 68 MB, from the npm registry ...');
  const npm = spawn('npm', ['pack', what, '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  npm.stderr.on('data', (text) => {
    said += text;
  });
  const code = await new Promise((resolve, reject) => npm.on('error', reject).on('close', resolve));
  clearInterval(progress);
  if (progress) console.error();
  if (code === 0) return;
  const why = said.match(/^npm error (?!code|errno|syscall)(.*)$/m)?.[1] ?? `npm ends with ${code}`;
  refuse(`SwiftShader cannot be fetched (${why}): check the connection and npm's registry, or take --system.`);
}

function tar(flags, input) {
  const { status, stdout, stderr, error } = spawnSync('tar', flags, { input, maxBuffer: 2 ** 28 });
  if (error || status !== 0) throw error ?? new Error(`tar: ${stderr}`);
  return stdout;
}

/** Asked in a process of its own: libraries are looked for where the environment says when a process starts. */
function adapterName() {
  const ask = `
    const adapter = await (await import('webgpu')).create([]).requestAdapter();
    const info = adapter?.info;
    console.log(adapter ? [info.vendor, info.architecture, info.description || info.device].join(' ') : '');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', ask], {
    cwd: root,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const name = stdout.trim();
  if (!name)
    refuse(
      `No adapter answers on ${env.VK_DRIVER_FILES}: ${stderr.trim().split('\n')[0] || 'Dawn says no more'}. ${remedy()}`,
    );
  return name;
}

function remedy() {
  return system ? 'Leave out --system.' : `Remove ${dirname(env.VK_DRIVER_FILES)} and run this again.`;
}

function refuse(sentence) {
  console.error(sentence);
  process.exit(1);
}
