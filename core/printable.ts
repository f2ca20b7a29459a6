/** What is quoted from a file may be anything, also what a terminal takes for a command. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd');

/** A name stands in tables and lists, so it has no line ends either. */
export const printableName = (name: string): string => printable(name).replace(/[\t\n]+/g, ' ');
