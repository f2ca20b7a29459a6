/** Numbers as people read them. The same on every machine: no locale of the system is asked. */

/** 1234567 -> 1,234,567. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1 round, 1,200 rounds. */
export const countOf = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${Math.round(value) === 1 ? one : many}`;

/** 83000 ms -> 1:23; an hour and more -> 1:02:03. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Four digits of any number: 0.01234, 12.34, 1.234e+7; nothing for one that is not there. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '';
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : value.toPrecision(4);
}

/** 83000000 bytes -> 83 MB. */
export function storage(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e5) return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  return `${count(Math.ceil(bytes / 1e3))} kB`;
}

/** So many decimals; nothing for a number that is not there. */
export const fixed = (value: number | null | undefined, decimals: number): string =>
  value == null || Number.isNaN(value) ? '' : value.toFixed(decimals);

/** 0.0004 -> 0.04%, 0.002 -> 0.2%: of a rate that somebody chose, all digits that matter. */
export const rate = (share: number): string => `${Number((100 * share).toPrecision(6))}%`;

/** 0.1234 -> 12%, or with so many decimals; nothing for a share that is not there. */
export const percent = (share: number | null | undefined, decimals = 0): string => {
  const digits = fixed(share == null ? share : 100 * share, decimals);
  return digits && `${digits}%`;
};
