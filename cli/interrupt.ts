/** What Ctrl-C and its kin do while something is going on that can be brought to an end in order. */
let ending: ((code: number) => void) | undefined;

export interface Ending {
  /** Aborted by the first signal, with the exit code for it as the reason. */
  readonly signal: AbortSignal;
  /** From here on the first signal aborts and a second one ends the process at once; before, the first one does. */
  readonly begin: () => void;
  readonly over: () => void;
}

export function endingInOrder(onSignal: () => void): Ending {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    begin: () => {
      ending = (code) => {
        ending = undefined;
        onSignal();
        controller.abort(code);
      };
    },
    over: () => {
      ending = undefined;
    },
  };
}

/** Whether somebody brings their work to an end, so that the process need not be ended now. */
export function endInOrder(code: number): boolean {
  const end = ending;
  end?.(code);
  return end !== undefined;
}
