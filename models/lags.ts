/** Of the last so many dates, a row's own among them: [dates - 1, .., 1, 0]. */
export const lagsOf = (dates: number): number[] => Array.from({ length: dates }, (_, i) => dates - 1 - i);
