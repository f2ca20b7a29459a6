/** 570 -> `9:30`: minutes since midnight as a user writes them. */
export function clock(minutes: number): string {
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}
