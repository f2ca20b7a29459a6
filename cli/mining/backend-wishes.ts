/** What can compute a search's scores: `gpu` is WebGPU; `webasm` are its kernels on this processor, to check them; `auto` is the faster. */
export const backendWishes = ['wasm', 'gpu', 'webasm', 'auto'] as const;
export type SearchBackendWish = (typeof backendWishes)[number];
