/** How alike the units of a network are: the mean absolute correlation of all pairs, over all rows it is given. */
export class UnitLikeness {
  #rows = 0;
  #units = 0;
  #sums = new Float64Array(0);
  /** The upper triangle, [units][units]. */
  #products = new Float64Array(0);

  /** [rows][1 + units]: the prediction comes first. */
  add(outputs: Float32Array, rows: number): void {
    if (rows === 0) return;
    const columns = outputs.length / rows;
    const units = columns - 1;
    if (this.#rows === 0) {
      this.#units = units;
      this.#sums = new Float64Array(units);
      this.#products = new Float64Array(units * units);
    }
    this.#rows += rows;
    const [sums, products] = [this.#sums, this.#products];
    for (let row = 0; row < rows; row++) {
      const start = row * columns + 1;
      for (let i = 0; i < units; i++) {
        const x = outputs[start + i] as number;
        sums[i] = (sums[i] as number) + x;
        for (let j = i; j < units; j++) {
          products[i * units + j] = (products[i * units + j] as number) + x * (outputs[start + j] as number);
        }
      }
    }
  }

  /** Nothing of a network without a pair of them. */
  likeness(): { readonly unitLikeness?: number } {
    const units = this.#units;
    if (units < 2) return {};
    const covariance = (i: number, j: number): number =>
      (this.#products[i * units + j] as number) / this.#rows -
      ((this.#sums[i] as number) * (this.#sums[j] as number)) / this.#rows ** 2;
    const deviations = Array.from({ length: units }, (_, i) => Math.sqrt(Math.max(0, covariance(i, i))));
    let [sum, pairs] = [0, 0];
    for (let i = 0; i < units; i++) {
      for (let j = i + 1; j < units; j++) {
        const both = (deviations[i] as number) * (deviations[j] as number);
        if (!(both > 0)) continue; // a unit that is the same for all is like no other
        sum += Math.abs(covariance(i, j)) / both;
        pairs++;
      }
    }
    return { unitLikeness: sum / pairs };
  }
}
