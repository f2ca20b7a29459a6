/** What Ctrl-C and its kin do while something is going on that can be brought to an end in order. */
let ending: (() => void) | undefined;

/** The first signal aborts what is given; a second one ends the process at once. Call what is returned when it is over. */
export function endingInOrder(onSignal: () => void): { readonly signal: AbortSignal; readonly over: () => void } {
  const controller = new AbortController();
  ending = () => {
    ending = undefined;
    onSignal();
    controller.abort();
  };
  return {
    signal: controller.signal,
    over: () => {
      ending = undefined;
    },
  };
}

/** Whether somebody brings their work to an end, so that the process need not be ended now. */
export function endInOrder(): boolean {
  const end = ending;
  end?.();
  return end !== undefined;
}
