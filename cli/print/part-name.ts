import type { SheetSettings } from '../../evaluation/tear-sheet/sheet.ts';

/** A part of the calendar by its name and dates; a stretch of dates has no other name. */
export function partName({ split, from, to }: Pick<SheetSettings, 'split' | 'from' | 'to'>): string {
  const dates = `${from} to ${to}`;
  return split === dates ? dates : `${split}: ${dates}`;
}
