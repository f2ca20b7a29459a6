/** What may compute (backend.ts), fastest first. */
export const backendNames = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
/** What a user may ask for. */
export const backendWishes = ['auto', ...backendNames] as const;
