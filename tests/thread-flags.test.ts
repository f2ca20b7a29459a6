/** Threads start from a program that is given as text, whose flags they cannot have. */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { builtFile } from '../core/package-root.ts';
import { threadFlags } from '../core/thread-flags.ts';
import { smallRule, smallTraining, timeless, trained, trainings, weightsOf } from './trainings.ts';

test('only a thread that would not start has other flags than its process', () => {
  for (const flags of [[], ['--max-old-space-size=900'], ['--import', './loader.mjs']]) {
    expect(threadFlags(flags)).toEqual({});
  }
  expect(threadFlags(['--max-old-space-size=900', '--input-type=module', '-e', ''])).toEqual({ execArgv: [] });
  expect(threadFlags(['--input-type', 'module', '-e', ''])).toEqual({ execArgv: [] });
});

test('a program given as text computes inputs and trains on threads as any other', async () => {
  const world = await trainings();
  try {
    // Two threads that train, each with another for its kernels.
    const options = smallTraining(world, 'text', { rule: smallRule('alphanet-v2', { epochs: 1 }), workers: 4 });
    const code = `
      import { trainModel } from ${JSON.stringify(String(pathToFileURL(builtFile('models', 'training', 'train-model.js'))))};
      process.on('warning', (warning) => { throw warning; });
      await trainModel(${JSON.stringify(options)});`;
    execFileSync(process.execPath, ['--max-old-space-size=900', '--input-type=module', '-e', code], { stdio: 'pipe' });
    await trained(world, 'file', { rule: options.rule });
    expect(weightsOf(world.at('text'))).toEqual(weightsOf(world.at('file')));
    expect(timeless(world.at('text'))).toMatchObject({ finished: true });
  } finally {
    world.remove();
  }
}, 60_000);
