/**
 * Which of tfjs's backends computes: chosen once per thread, before the first tensor. Packages are loaded only when
 * their turn comes, for loading takes time. Each must multiply two matrices before it is believed.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { EvolveError, firstLine } from '../../core/failure.ts';
import { adapterName, adapterOf, NoDevice, openWebGpu } from '../../operators/gpu/dawn.ts';
import { backendNames, type backendWishes } from './backend-names.ts';
import { moveHeldFirst } from './held-tensor.ts';
import { refuseAfterFaults } from './refuse-after-faults.ts';
import { registerStockGradients } from './stock-gradients.ts';

export type BackendWish = (typeof backendWishes)[number];
type BackendName = (typeof backendNames)[number];

export interface BackendChoice {
  readonly name: BackendName;
  readonly version: string;
  /** What graphics adapter it computes on, where it is of them. */
  readonly device?: string;
  readonly passedOver: readonly { readonly name: string; readonly reason: string }[];
}

type Loaded = Pick<BackendChoice, 'version' | 'device'>;
/** Loads and registers it, or throws. */
type Load = (wished: boolean) => Promise<Loaded>;

const require = createRequire(import.meta.url);

const backends: Readonly<Record<BackendName, { readonly load: Load; readonly remedy: string }>> = {
  tensorflow: {
    load: tensorflow,
    remedy: 'Install it with "npm install @tensorflow/tfjs-node" (or tfjs-node-gpu)',
  },
  webgpu: {
    load: webgpu,
    remedy: 'Install it with "npm install webgpu @tensorflow/tfjs-backend-webgpu", on a machine with a graphics driver',
  },
  wasm: { load: wasm, remedy: 'Run "npm install" again' },
  cpu: { load: cpu, remedy: 'Run "npm install" again' },
};

export async function chooseBackend(wish: BackendWish): Promise<BackendChoice> {
  // In Node the CPU backend greets everyone and praises another package.
  tf.env().set('PROD', true);
  const passedOver: { name: string; reason: string }[] = [];
  let remedy: string | undefined;
  for (const name of wish === 'auto' ? backendNames : [wish]) {
    try {
      const loaded = await backends[name].load(wish !== 'auto');
      await use(name);
      registerStockGradients();
      return { name, ...loaded, passedOver };
    } catch (error) {
      const absent = error instanceof NoDevice ? error : undefined;
      remedy = absent?.remedy ?? backends[name].remedy;
      passedOver.push({ name, reason: absent?.reason ?? reasonOf(error) });
    }
  }
  if (wish === 'auto') throw new Error(`no backend works: ${passedOver.map(({ reason }) => reason).join('; ')}`);
  const reason = passedOver[0]?.reason;
  throw new EvolveError(
    'no-backend',
    `The backend ${wish} cannot be used here (${reason}). ${remedy}, or choose another backend.`,
  );
}

async function use(name: BackendName): Promise<void> {
  const withdraw = watchListeners();
  const started = await tf.setBackend(name).finally(withdraw);
  if (!started) throw new Error('it does not start');
  if (name === 'webgpu') refuseAfterFaults(tf.backend());
  // A backend may load and still fail its first computation: tfjs-node does on versions of Node newer than itself.
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])));
  const values = await product.data();
  product.dispose();
  if (String([...values]) !== '19,22,43,50') throw new Error(`it computes ${values} where 19,22,43,50 is right`);
}

/**
 * Takes back what is put on the process from here on. Emscripten listens for uncaught errors only to throw them again,
 * from where they end the process with another exit code.
 */
function watchListeners(): () => void {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as 'uncaughtException')));
  return () => {
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!before[i]?.has(listener)) process.removeListener(event, listener);
      }
    });
  };
}

async function tensorflow(): Promise<Loaded> {
  let first: unknown;
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      await load(name);
      return { version: versionOf(name) };
    } catch (error) {
      // The reason of one that is there is worth more than that of one that is not.
      if (!first || first instanceof NotInstalled) first = error;
    }
  }
  throw first;
}

async function webgpu(wished: boolean): Promise<Loaded> {
  const backend = '@tensorflow/tfjs-backend-webgpu';
  installed(backend);
  installed('webgpu');
  const adapter = await adapterOf(await openWebGpu());
  if (adapter.software && !wished) throw new Error('the only graphics adapter is software, slower than wasm');
  await load(backend);
  return { version: versionOf(backend), device: adapterName(adapter) };
}

/** With the CPU backend beside it, which holds inputs. */
async function wasm(): Promise<Loaded> {
  await import('@tensorflow/tfjs-backend-cpu');
  const name = '@tensorflow/tfjs-backend-wasm';
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(dirname(require.resolve(name)) + sep);
  moveHeldFirst('wasm');
  return { version: versionOf(name) };
}

async function cpu(): Promise<Loaded> {
  await import('@tensorflow/tfjs-backend-cpu');
  return { version: versionOf('@tensorflow/tfjs-backend-cpu') };
}

class NotInstalled extends Error {}

/** Of a package that need not be there: the compiler is not to look for it. */
async function load(name: string): Promise<unknown> {
  return import(installed(name));
}

function installed(name: string): string {
  try {
    require.resolve(name);
    return name;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') throw new NotInstalled('not installed');
    throw error;
  }
}

const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;

/** The first line: what follows is a stack or advice about compilers. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
  return firstLine(message);
}
