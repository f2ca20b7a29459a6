/** What benches of portfolios share. */

export function shares(x) {
  const total = x.reduce((sum, value) => sum + value, 0);
  return x.map((value) => value / total);
}

/** An index of the larger names, by size. */
export function indexOf(size) {
  const largest = [...size.keys()].sort((i, j) => size[j] - size[i]).slice(0, size.length / 4 + 300);
  const member = new Uint8Array(size.length);
  for (const i of largest) member[i] = 1;
  return { member, index: shares(size.map((x, i) => (member[i] ? Math.exp(1.2 * x) : 0))) };
}
