/** Dates as markets write them: `2024-01-31`, and in files the days since 1970. */
const dayMs = 86_400_000;

export const dayNumber = (date: string): number => Date.parse(date) / dayMs;
export const dateText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** Whether the text is a date of the calendar, written so: neither 2024-02-30 nor 2024-1-31 is. */
export const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && dateText(dayNumber(text)) === text;
