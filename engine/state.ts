/** A search as JSON, and back. Ancestors that several individuals share are written once. */
import type { Individual, Line } from './individual.ts';
import type { JudgingState } from './judging.ts';
import type { Problem, Verdict } from './problem.ts';

export interface SearchState {
  readonly round: number;
  readonly born: number;
  readonly judging: JudgingState;
  readonly lines: readonly StoredLine[];
  readonly population: readonly StoredIndividual[];
  readonly hall: readonly StoredIndividual[];
}

interface StoredLine {
  readonly genome: string;
  readonly origin: string;
  readonly round: number;
  readonly fitness?: number | undefined;
  /** Its place among the lines, before its own. */
  readonly parent?: number;
}

interface StoredIndividual {
  readonly id: number;
  readonly line: number;
  readonly verdict: Verdict;
}

interface Living<G> {
  readonly round: number;
  readonly born: number;
  readonly judging: JudgingState;
  readonly population: readonly Individual<G>[];
  readonly hall: readonly Individual<G>[];
}

export function writeState<G>(search: Living<G>, problem: Problem<G>): SearchState {
  const lines: StoredLine[] = [];
  const places = new Map<Line<G>, number>();
  // Lines may be longer than a call stack is deep.
  const place = (newest: Line<G>): number => {
    const unwritten: Line<G>[] = [];
    for (let line: Line<G> | undefined = newest; line && !places.has(line); line = line.parent) unwritten.push(line);
    for (const line of unwritten.reverse()) {
      const { genome, origin, round, fitness, parent } = line;
      places.set(line, lines.length);
      lines.push({
        genome: problem.write(genome),
        origin,
        round,
        ...(fitness !== undefined && { fitness }),
        ...(parent && { parent: places.get(parent) as number }),
      });
    }
    return places.get(newest) as number;
  };
  const stored = ({ id, line, verdict }: Individual<G>): StoredIndividual => ({ id, line: place(line), verdict });
  const { round, born, judging } = search;
  return { round, born, judging, population: search.population.map(stored), hall: search.hall.map(stored), lines };
}

export function readState<G>(
  { lines, population, hall }: SearchState,
  problem: Problem<G>,
): { population: Individual<G>[]; hall: Individual<G>[] } {
  const restored: Line<G>[] = [];
  for (const { genome, origin, round, fitness, parent } of lines) {
    restored.push({
      genome: problem.read(genome),
      origin,
      round,
      ...(fitness !== undefined && { fitness }),
      ...(parent !== undefined && { parent: restored[parent] as Line<G> }),
    });
  }
  const individual = ({ id, line, verdict }: StoredIndividual): Individual<G> => {
    const found = restored[line] as Line<G>;
    return {
      id,
      verdict,
      line: found,
      genome: found.genome,
      key: problem.key(found.genome),
      size: problem.size(found.genome),
    };
  };
  return { population: population.map(individual), hall: hall.map(individual) };
}
