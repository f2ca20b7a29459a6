/**
 * What a problem answered during a round. Played back, the same search goes the same way without anything being
 * judged: that is how a run is resumed from its log.
 */
import type { Problem, Verdict } from './problem.ts';

export interface Tape {
  readonly verdicts: (readonly Verdict[])[];
  readonly likeness: (readonly (readonly number[])[])[];
}

/** The problem with its answers written on a tape, or read from the tape it is given. */
export class Taped<G> {
  readonly problem: Problem<G>;
  #recording: Tape = { verdicts: [], likeness: [] };
  #playing: Tape | undefined;
  #further = false;

  constructor(problem: Problem<G>) {
    const answered = async <T extends readonly unknown[]>(
      kind: keyof Tape,
      genomes: Iterable<G>,
      ask: (genomes: Iterable<G>) => Promise<T>,
    ): Promise<T> => {
      // In the order of the questions: two may be open at once, and either be answered first.
      const answers = this.#recording[kind] as (T | undefined)[];
      const place = answers.push(undefined) - 1;
      const playing = this.playing;
      const played = this.#playing?.[kind].shift() as T | undefined;
      let asked = 0;
      const counted = function* () {
        for (const genome of genomes) {
          asked++;
          yield genome;
        }
      };
      if (playing) for (const _ of counted()); // children come to be by being asked about
      const answer = playing ? played : await ask(counted());
      if (answer?.length !== asked) {
        throw new Error('the log does not fit the search: it was written by another version, or for other data');
      }
      answers[place] = answer;
      return answer;
    };
    this.problem = {
      ...bound(problem),
      judge: (genomes, terms) => answered('verdicts', genomes, (some) => problem.judge(some, terms)),
      likeness: (genomes, stream) => answered('likeness', genomes, (some) => problem.likeness([...some], stream)),
    };
  }

  /**
   * Answers from now on come from the tape, or from the problem again. With `further`, of a round that was not over:
   * from the problem when there are no more on the tape.
   */
  play(tape: Tape | undefined, further = false): void {
    this.#playing = tape && { verdicts: [...tape.verdicts], likeness: [...tape.likeness] };
    this.#further = further;
  }

  /** Whether the next answer comes from a tape. */
  get playing(): boolean {
    const { verdicts, likeness } = this.#playing ?? {};
    return this.#playing !== undefined && !(this.#further && verdicts?.length === 0 && likeness?.length === 0);
  }

  /** What was answered since the last time. */
  take(): Tape {
    const tape = this.#recording;
    this.#recording = { verdicts: [], likeness: [] };
    return tape;
  }
}

/** A problem may be an object of a class, whose methods a spread would lose. */
const bound = <G>(problem: Problem<G>): Problem<G> => ({
  stages: problem.stages,
  key: (genome) => problem.key(genome),
  size: (genome) => problem.size(genome),
  write: (genome) => problem.write(genome),
  read: (text) => problem.read(text),
  fresh: (stream) => problem.fresh(stream),
  vary: (parent, stream) => problem.vary(parent, stream),
  judge: (genomes, terms) => problem.judge(genomes, terms),
  likeness: (genomes, stream) => problem.likeness(genomes, stream),
});
