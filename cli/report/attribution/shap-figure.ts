/** A SHAP value as people read it: three digits, whatever its size. */
export function shapFigure(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size < 1e-4 || size >= 1e5 ? value.toExponential(2) : value.toPrecision(3);
  return text.replace(/^-/, '−');
}
