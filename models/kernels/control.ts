/** The words in shared memory by which the caller and the other threads of a call find and leave each other. */

/** Grows by one whenever there is something to do; what idle threads wait on. */
export const turn = 0;
/** What there is to do: a `Phase`. */
export const phase = 1;
/** The next block nobody has taken. */
export const next = 2;
export const blocks = 3;
/** Blocks that are done. */
export const done = 4;
export const jobAddress = 5;
/** Scratch of the caller; every other thread's follows at the same distance. */
export const scratchAddress = 6;
export const scratchBytes = 7;
/** The first thread's `Presence`; the others' follow. */
export const presence = 8;

export const Phase = { nothing: 0, forward: 1, backward: 2, quit: 3 } as const;
export const Presence = { away: 0, busy: 1, dead: 2 } as const;
