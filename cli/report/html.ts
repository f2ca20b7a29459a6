/** HTML: whatever is put into a piece of it is escaped, unless it is such a piece itself. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Nothing where there is nothing; the pieces of a list one after the other. */
export type Content = Html | string | number | undefined | readonly Content[];

export const html = (pieces: TemplateStringsArray, ...between: readonly Content[]): Html =>
  new Html(pieces.map((piece, i) => piece + written(between[i])).join(''));

/** Made by us, and escaped where it had to be. */
export const safe = (text: string): Html => new Html(text);

function written(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Html) return content.text;
  return typeof content === 'object' ? content.map(written).join('') : escaped(String(content));
}

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
