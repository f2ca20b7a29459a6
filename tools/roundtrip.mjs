/**
 * Random programs through the language and back, and how long each step takes:
 * `node tools/roundtrip.mjs [count] [seed]`, after `npm run build`. Fails on the first one that comes back different.
 */
import { stream } from '../dist/core/random.js';
import { call } from '../dist/program/build.js';
import { canonical } from '../dist/program/canonical.js';
import { parse } from '../dist/program/parse.js';
import { print } from '../dist/program/print.js';
import { randomProgram, standardWindows } from '../dist/program/random-program.js';
import { standardVocabulary } from '../dist/program/vocabulary.js';

const [count = 100_000, seed = 1] = process.argv.slice(2).map(Number);
const options = {
  vocabulary: standardVocabulary,
  windows: standardWindows,
  minuteWindows: [240],
  minuteGrid: {
    starts: [570, 780].flatMap((open) => Array.from({ length: 120 }, (_, i) => open + i)),
    barMinutes: 1,
  },
  maxSize: 12,
  maxDepth: 7,
};

function timed(step, items, work) {
  const start = performance.now();
  const results = items.map(work);
  const seconds = (performance.now() - start) / 1000;
  console.log(`${step.padEnd(10)} ${seconds.toFixed(2)} s   ${Math.round(items.length / seconds)} a second`);
  return results;
}

const slots = Array.from({ length: count }, (_, slot) => slot);
const programs = timed('random', slots, (slot) => randomProgram(stream(seed, 0, slot), options));
const texts = timed('print', programs, print);
const again = timed('parse', texts, (text) => parse(text, standardVocabulary));
timed('canonical', programs, (program) => canonical(program));
const nodes = programs.flatMap((program) => [program, ...program.inputs]).filter(({ node }) => node === 'call');
timed('call', nodes, ({ operator, inputs, parameters, interval }) => call(operator, inputs, parameters, interval));
timed('refusal', nodes, ({ operator, inputs }) => call(operator, [...inputs, ...inputs], []));

// The key spells the whole structure, so equal keys are equal trees.
const different = programs.findIndex((program, slot) => program.key !== again[slot].key);
if (different >= 0) {
  console.error(
    `${programs[different].key}\nis printed\n${texts[different]}\nand read back as\n${again[different].key}`,
  );
  process.exitCode = 1;
} else {
  const operators = programs.reduce((sum, { size }) => sum + size, 0);
  console.log(`${count} programs of ${(operators / count).toFixed(1)} operators came back the same`);
}
