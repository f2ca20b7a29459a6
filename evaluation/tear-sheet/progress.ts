/** Called as the making of a sheet goes on. */
export type SheetProgress = (stage: string, done: number, total: number) => void;
