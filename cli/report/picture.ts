/** A chart as a file of its own: with a ground, a margin, and the colours of a dark screen. */
import { type Chart, drawn } from './chart.ts';
import { light, pictureStyle } from './scheme.ts';

export async function picture(chart: Chart): Promise<string> {
  const [margin, width, height] = [20, chart.width, chart.height];
  const box = `${-margin} ${-margin} ${width + 2 * margin} ${height + 2 * margin}`;
  const ground = `<rect x="${-margin}" y="${-margin}" width="100%" height="100%" fill="${light('paper')}"/>`;
  return (await drawn(chart))
    .replace(/viewBox="[^"]*"/, `viewBox="${box}" width="${width + 2 * margin}" height="${height + 2 * margin}"`)
    .replace('>', `><style>${pictureStyle}</style>${ground}`)
    .concat('\n');
}

/** By the name of the file, without its ending. */
export async function picturesOf(charts: readonly { readonly chart: Chart }[]): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  for (const { chart } of charts) pictures.set(chart.name, await picture(chart));
  return pictures;
}
