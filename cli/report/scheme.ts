/**
 * The colours of pages and pictures. Pictures are drawn in the light ones, so that any viewer and any printer shows
 * them right; where a screen is dark, a style replaces each by its dark one.
 */
interface Tone {
  readonly light: string;
  readonly dark: string;
}

export const tones = {
  paper: { light: '#ffffff', dark: '#14181d' },
  panel: { light: '#f6f7f9', dark: '#1c2229' },
  ink: { light: '#1d252d', dark: '#e3e8ee' },
  quiet: { light: '#5c6875', dark: '#9aa7b4' },
  line: { light: '#dfe3e8', dark: '#323b45' },
  mark: { light: '#b9c0c9', dark: '#55606c' },
  strong: { light: '#0b5cad', dark: '#6db3f8' },
  middle: { light: '#5f9bd4', dark: '#3d7fc0' },
  soft: { light: '#b9d5ee', dark: '#264d75' },
  warm: { light: '#bf5710', dark: '#f0a05c' },
  faint: { light: '#f3dcc6', dark: '#513a28' },
  pale: { light: '#dfa66e', dark: '#a8713e' },
  shuffled: { light: '#7d8894', dark: '#8b97a3' },
  lowest: { light: '#1f6fd0', dark: '#58a6ff' },
  lower: { light: '#6a5fc4', dark: '#958cf0' },
  medium: { light: '#9b4fae', dark: '#c07bd6' },
  higher: { light: '#c63d83', dark: '#ee6ba6' },
  highest: { light: '#e0263f', dark: '#ff6070' },
  green: { light: '#2b7f3a', dark: '#6cc47a' },
  gold: { light: '#a47a00', dark: '#dcb53f' },
  teal: { light: '#0d8a94', dark: '#43c3c9' },
} as const satisfies Record<string, Tone>;

export type ToneName = keyof typeof tones;
export const light = (name: ToneName): string => tones[name].light;

const rows = Object.entries(tones);
const variables = (scheme: keyof Tone): string => rows.map(([name, tone]) => `--${name}:${tone[scheme]};`).join('');
const replaced = rows
  .map(([, { light: from, dark: to }]) => `svg [fill="${from}"]{fill:${to}}svg [stroke="${from}"]{stroke:${to}}`)
  .join('\n');

const onDarkScreens = (style: string): string => `@media screen and (prefers-color-scheme: dark){\n${style}\n}`;

export const pictureStyle: string = onDarkScreens(replaced);
export const pageColours: string = `:root{color-scheme:light dark;${variables('light')}}\n${onDarkScreens(`:root{${variables('dark')}}\n${replaced}`)}`;
