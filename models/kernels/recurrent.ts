/**
 * GRU and LSTM over whole sequences, and attention over their states, forward and back through time, by the fused kernels on every core. Calls are
 * synchronous. What they give is the same bits on one thread as on eight, whatever the memory they were allowed
 * (docs/notes/recurrent.md).
 */
import { availableParallelism } from 'node:os';
import { EvolveError } from '../../core/failure.ts';
import { type AttentionWeights, attentionCounts } from './attention.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { cellNumber, type Job, jobBytes, noJob, writeJob } from './job.ts';
import { type Layer, type Size, type Weights, weightCounts } from './layer.ts';

/** What is answered instead of the last state, [batch][units]. */
export type ForwardOptions =
  /** The state after every step: [batch][steps][units]. */
  | { readonly sequences?: boolean; readonly attention?: undefined }
  /** The last state and the context, the mean of all states by their shares of attention: [batch][2][units]. */
  | { readonly sequences?: false; readonly attention: AttentionWeights };

/** What backward needs of a forward call. It holds the caller's arrays, which must not change in between. */
export interface Tape {
  readonly layer: Layer;
  readonly size: Size;
  readonly sequences: boolean;
  readonly attention: AttentionWeights | undefined;
  readonly x: Float32Array;
  readonly weights: Weights;
  /** The state at the start of every segment of steps, and attention's shares: the rest is computed again. */
  readonly checkpoints: Float32Array;
}

export interface Forward {
  /** [batch][units], [batch][steps][units] or [batch][2][units]: see ForwardOptions. */
  readonly out: Float32Array;
  readonly tape: Tape;
}

export interface Gradients extends Weights {
  /** [batch][steps][inputs], when asked for. */
  readonly x?: Float32Array;
  // When forward was given attention.
  readonly attentionKernel?: Float32Array;
  readonly attentionBias?: Float32Array;
  readonly attentionScore?: Float32Array;
}

/** Which of them an answer is. */
type Answer = Pick<Tape, 'sequences' | 'attention'>;

const lanes = 16;
/** What a segment's slots and deltas should fit in: half of a common second-level cache. */
const segmentBytes = 320 * 1024;

export class Recurrent {
  readonly #options: CrewOptions;
  #crew: Crew;

  /** All cores and 256 MiB, of which no more is used than the largest call needs. */
  constructor(options: Partial<CrewOptions> = {}) {
    const { threads = availableParallelism(), memoryBytes = 256 * 1024 ** 2, patienceMs = 10_000 } = options;
    this.#options = { threads, memoryBytes, patienceMs, workerFile: options.workerFile };
    this.#crew = new Crew(this.#options);
  }

  forward(layer: Layer, size: Size, x: Float32Array, weights: Weights, options: ForwardOptions = {}): Forward {
    const { sequences = false, attention } = options;
    expectLength('x', x, size.batch * size.steps * layer.inputs);
    for (const [name, count] of Object.entries(weightCounts(layer))) {
      expectLength(name, weights[name as keyof Weights], count);
    }
    if (attention) {
      if (size.steps < 1) throw new RangeError('attention is over one step at least');
      for (const [name, count] of Object.entries(attentionCounts(layer.units, attention.bias.length))) {
        expectLength(`attention's ${name}`, attention[name as keyof AttentionWeights], count);
      }
    }
    return this.#insist((crew) => new Call(crew, layer, size, { sequences, attention }).forward(x, weights));
  }

  /** Gradients of a loss, given those with respect to what forward gave; of x too when asked. */
  backward(tape: Tape, dOut: Float32Array, options: { readonly x?: boolean } = {}): Gradients {
    const { layer, size } = tape;
    expectLength('dOut', dOut, size.batch * statesOf(size, tape) * layer.units);
    return this.#insist((crew) => new Call(crew, layer, size, tape).backward(tape, dOut, options.x ?? false));
  }

  /** Ends the threads. Nothing may be computed afterwards. */
  close(): void {
    this.#crew.close();
  }

  /** A call during which a thread is lost is made again, in memory the lost one does not know, by the caller alone. */
  #insist<Answer>(call: (crew: Crew) => Answer | undefined): Answer {
    const answer = call(this.#crew);
    if (answer !== undefined) return answer;
    this.#crew.close();
    this.#crew = new Crew({ ...this.#options, threads: 1 });
    const alone = call(this.#crew);
    if (alone === undefined) throw new Error('a caller without threads has lost one');
    return alone;
  }
}

/** How many states an element of the batch is answered by. */
const statesOf = ({ steps }: Size, { sequences, attention }: Answer): number => (attention ? 2 : sequences ? steps : 1);

/** One call: where its numbers lie, and the parts of the batch it takes one after another when memory is short. */
class Call {
  readonly #crew: Crew;
  readonly #layer: Layer;
  readonly #size: Size;
  readonly #answer: Answer;
  readonly #job: Job;
  readonly #address: number;
  #free: number;

  constructor(crew: Crew, layer: Layer, size: Size, answer: Answer) {
    this.#crew = crew;
    this.#layer = layer;
    this.#size = size;
    this.#answer = answer;
    this.#free = crew.from;
    this.#address = this.#take(jobBytes);
    const { inputs, units } = layer;
    const hidden = answer.attention?.bias.length ?? 0;
    const stepBytes = 64 * (10 * units + inputs + hidden);
    const segment = Math.max(4, Math.min(32, Math.round(segmentBytes / stepBytes)));
    this.#job = {
      ...noJob,
      ...{ cell: cellNumber[layer.cell], inputs, units, segment },
      ...{ steps: size.steps, batch: size.batch, sequences: answer.sequences ? 1 : 0, hidden },
    };
  }

  forward(x: Float32Array, weights: Weights): Forward | undefined {
    const { batch, steps } = this.#size;
    const states = statesOf(this.#size, this.#answer);
    const perElement = { x: steps * this.#layer.inputs, out: states * this.#layer.units };
    const scratch = this.#prepare(weights);
    const checkpoints = this.#bytes((kernels, job) => kernels.tapeBytes(job)) / 4;
    const blockCheckpoints = batch === 0 ? 0 : checkpoints / Math.ceil(batch / lanes);
    const out = new Float32Array(batch * perElement.out);
    const tape = new Float32Array(checkpoints);
    for (const { from, count, last } of this.#parts({ ...perElement, tape: blockCheckpoints / lanes })) {
      this.#put('x', x.subarray(from * perElement.x, (from + count) * perElement.x));
      const blocks = Math.ceil(count / lanes);
      const answer = this.#room('out', count * perElement.out);
      const kept = this.#room('tape', blocks * blockCheckpoints);
      this.#write({ batch: count });
      if (!this.#crew.run('forward', this.#address, scratch)) return undefined;
      out.set(answer, from * perElement.out);
      tape.set(kept, (from / lanes) * blockCheckpoints);
      this.#free = last;
    }
    const { sequences, attention } = this.#answer;
    return { out, tape: { layer: this.#layer, size: this.#size, sequences, attention, x, weights, checkpoints: tape } };
  }

  backward(tape: Tape, dOut: Float32Array, wantsX: boolean): Gradients | undefined {
    const { batch, steps } = this.#size;
    const { x, weights, checkpoints } = tape;
    const perElement = { x: steps * this.#layer.inputs, dOut: statesOf(this.#size, tape) * this.#layer.units };
    const dX = wantsX ? { dX: perElement.x } : {};
    const scratch = this.#prepare(weights);
    const blockCheckpoints = batch === 0 ? 0 : checkpoints.length / Math.ceil(batch / lanes);
    const gradients = this.#crew.kernels.gradients(this.#address);
    const totals = this.#take(8 * gradients);
    new Float64Array(this.#crew.memory.buffer, totals, gradients).fill(0);
    const gradientOfX = wantsX ? new Float32Array(batch * perElement.x) : undefined;
    const rest = { tape: blockCheckpoints / lanes, blockGradients: gradients / lanes };
    for (const { from, count, last } of this.#parts({ ...perElement, ...dX, ...rest })) {
      const blocks = Math.ceil(count / lanes);
      const first = from / lanes;
      this.#put('x', x.subarray(from * perElement.x, (from + count) * perElement.x));
      this.#put('dOut', dOut.subarray(from * perElement.dOut, (from + count) * perElement.dOut));
      this.#put('tape', checkpoints.subarray(first * blockCheckpoints, (first + blocks) * blockCheckpoints));
      this.#room('blockGradients', blocks * gradients);
      const answer = wantsX ? this.#room('dX', count * perElement.x) : undefined;
      this.#write({ batch: count });
      if (!this.#crew.run('backward', this.#address, scratch)) return undefined;
      this.#crew.kernels.collect(this.#address, totals);
      if (answer) gradientOfX?.set(answer, from * perElement.x);
      this.#free = last;
    }
    return { ...this.#finish(totals), ...(gradientOfX && { x: gradientOfX }) };
  }

  /** Weights in place and packed, scratch for every thread. */
  #prepare(weights: Weights): { address: number; bytes: number } {
    for (const name of ['kernel', 'recurrentKernel', 'bias'] as const) this.#put(name, weights[name]);
    const { attention } = this.#answer;
    if (attention) {
      this.#put('attentionKernel', attention.kernel);
      this.#put('attentionBias', attention.bias);
      this.#put('attentionScore', attention.score);
    }
    this.#job.packed = this.#take(this.#bytes((kernels, job) => kernels.packedBytes(job)));
    this.#write();
    this.#crew.kernels.pack(this.#address);
    // Whole cache lines and one to spare, so that two threads never share one.
    const bytes = 64 * Math.ceil(this.#bytes((kernels, job) => kernels.scratchBytes(job)) / 64 + 1);
    return { address: this.#take(bytes * this.#crew.threads), bytes };
  }

  #finish(totals: number): Gradients {
    const counts = weightCounts(this.#layer);
    const kernel = this.#room('dKernel', counts.kernel);
    const recurrentKernel = this.#room('dRecurrentKernel', counts.recurrentKernel);
    const bias = this.#room('dBias', counts.bias);
    const { hidden } = this.#job;
    const scoring = attentionCounts(this.#layer.units, hidden);
    const attentionKernel = this.#room('dAttentionKernel', scoring.kernel);
    const attentionBias = this.#room('dAttentionBias', scoring.bias);
    const attentionScore = this.#room('dAttentionScore', scoring.score);
    this.#write();
    this.#crew.kernels.finish(this.#address, totals);
    // Out of shared memory, into the caller's own.
    const copy = (numbers: Float32Array) => Float32Array.from(numbers);
    return {
      kernel: copy(kernel),
      recurrentKernel: copy(recurrentKernel),
      bias: copy(bias),
      ...(this.#answer.attention && {
        attentionKernel: copy(attentionKernel),
        attentionBias: copy(attentionBias),
        attentionScore: copy(attentionScore),
      }),
    };
  }

  /** The batch in parts of whole blocks, as large as memory allows. A part's memory is taken back at `last`. */
  *#parts(perElement: Record<string, number>): Generator<{ from: number; count: number; last: number }> {
    const counts = [weightCounts(this.#layer), attentionCounts(this.#layer.units, this.#job.hidden)];
    const weights = counts.flatMap((of) => Object.values(of)).reduce((sum, count) => sum + count, 0);
    // The weights' gradients come after the last part; every array may lose a cache line to alignment.
    const kept = 4 * weights + 128 * 13;
    const blockBytes = 4 * lanes * Object.values(perElement).reduce((sum, numbers) => sum + numbers, 0);
    const blocks = Math.floor((this.#crew.to - this.#free - kept) / blockBytes);
    if (blocks < 1) throw tooLarge(this.#layer, this.#size);
    const { batch } = this.#size;
    const last = this.#free;
    for (let from = 0; from < batch; from += blocks * lanes) {
      yield { from, count: Math.min(blocks * lanes, batch - from), last };
    }
  }

  #bytes(of: (kernels: Crew['kernels'], job: number) => number): number {
    this.#write();
    return of(this.#crew.kernels, this.#address);
  }

  #write(changes: Partial<Job> = {}): void {
    writeJob(this.#crew.memory, this.#address, { ...this.#job, ...changes });
  }

  #put(field: keyof Job, numbers: Float32Array): void {
    this.#room(field, numbers.length).set(numbers);
  }

  #room(field: keyof Job, count: number): Float32Array {
    const address = this.#take(4 * count);
    this.#job[field] = address;
    return new Float32Array(this.#crew.memory.buffer, address, count);
  }

  #take(bytes: number): number {
    const address = this.#free;
    // A line to spare: products read and write whole pairs and tiles.
    this.#free += 64 * Math.ceil(bytes / 64 + 1);
    if (this.#free > this.#crew.to) throw tooLarge(this.#layer, this.#size);
    return address;
  }
}

function tooLarge({ cell, inputs, units }: Layer, { steps }: Size): EvolveError {
  return new EvolveError(
    'out-of-memory',
    `A ${cell} of ${units} units over ${steps} steps of ${inputs} inputs does not fit the memory of its kernels. Use fewer units or shorter sequences.`,
  );
}

function expectLength(name: string, numbers: Float32Array, length: number): void {
  if (numbers.length !== length) throw new RangeError(`${name} has ${numbers.length} numbers, not ${length}`);
}
