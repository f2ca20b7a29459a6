import type { Costs, Tradable } from '../../evaluation/tear-sheet/portfolio.ts';

/** What orders came to. */
export interface Trade {
  /** As shares of the value before them. */
  readonly bought: number;
  readonly sold: number;
  readonly cost: number;
  /** Of the value after them. */
  readonly cash: number;
  /** Orders that could not be filled, in names. */
  readonly unbought: number;
  readonly unsold: number;
}

/** Prices by symbol, and who can be traded at them. */
export interface TradePrices extends Tradable {
  /** The last known price; NaN before the first. */
  readonly last: Float64Array;
}

/**
 * Shares and cash, in any money. Costs are paid from the cash that sells and buys share, and nothing is borrowed. Shares can be
 * parts of one, and their prices are adjusted, so that dividends stay in the holding that paid them.
 */
export class Ledger {
  /** By symbol. */
  readonly shares: Float64Array;
  #cash: number;
  readonly #costs: Costs;
  // Of one rebalance: what each holding is worth, what it is to be, and what it can become.
  readonly #current: Float64Array;
  readonly #wanted: Float64Array;
  readonly #reached: Float64Array;

  constructor(symbols: number, capital: number, costs: Costs) {
    this.shares = new Float64Array(symbols);
    this.#cash = capital;
    this.#costs = costs;
    this.#current = new Float64Array(symbols);
    this.#wanted = new Float64Array(symbols);
    this.#reached = new Float64Array(symbols);
  }

  get cash(): number {
    return this.#cash;
  }

  /** Names held. */
  get count(): number {
    return this.shares.reduce((sum, shares) => sum + (shares > 0 ? 1 : 0), 0);
  }

  value(price: Float64Array): number {
    let value = this.#cash;
    for (let n = 0; n < this.shares.length; n++) value += this.#worth(n, price);
    return value;
  }

  /** Each holding as a share of the value: they add up to 1 less the share of cash. */
  weights(price: Float64Array, out: Float64Array): Float64Array {
    const value = this.value(price);
    for (let n = 0; n < out.length; n++) out[n] = this.#worth(n, price) / value;
    return out;
  }

  /** Turns holdings in these symbols into cash at these prices, without costs; gives how many there were. */
  writeOff(gone: Uint8Array, price: Float64Array): number {
    let count = 0;
    for (let n = 0; n < gone.length; n++) {
      if (gone[n] !== 1 || this.shares[n] === 0) continue;
      this.#cash += this.#worth(n, price);
      this.shares[n] = 0;
      count++;
    }
    return count;
  }

  /**
   * Brings each holding to its target, a share of the value that costs leave, as far as orders can be filled. Who cannot
   * be bought leaves cash; who cannot be sold stays, and when that leaves too little cash for the others, all buys are
   * smaller by the same factor.
   *
   * `ordered` says whom orders may be given for at all: who is neither to be bought nor sold keeps its shares, whatever
   * they have come to, and the others share what is left of the value as they were to.
   */
  trade(targets: Float64Array, prices: TradePrices, ordered: Tradable = anybody): Trade {
    const value = this.value(prices.last);
    for (let n = 0; n < targets.length; n++) this.#current[n] = this.#worth(n, prices.last);
    const others = this.#others(targets, ordered);
    // What is wanted depends on the costs and they on it, but on each other only by a factor of about their rate: six
    // rounds settle costs of 0.2% to the last bit.
    let [bought, sold, share, cost] = [0, 0, 1, 0];
    for (let round = 0; round < 100; round++) {
      [bought, sold] = this.#reach(targets, others(value - cost), prices, ordered);
      const budget = this.#cash + sold * (1 - this.#costs.sell);
      const needed = bought * (1 + this.#costs.buy);
      share = needed > budget ? budget / needed : 1;
      const before = cost;
      cost = share * bought * this.#costs.buy + sold * this.#costs.sell;
      if (Math.abs(cost - before) <= 1e-16 * value) break;
    }
    const [unbought, unsold] = this.#fill(share, value, prices.last);
    // Rounding alone can leave less than nothing.
    this.#cash = Math.max(0, this.#cash + sold * (1 - this.#costs.sell) - share * bought * (1 + this.#costs.buy));
    return {
      bought: (share * bought) / value,
      sold: sold / value,
      cost: cost / value,
      cash: this.#cash / (value - cost),
      unbought,
      unsold,
    };
  }

  /** Of a value, what the targets of the others are shares of: it leaves those who keep their shares as they are. */
  #others(targets: Float64Array, { buy, sell }: Tradable): (value: number) => number {
    let [kept, share] = [0, 0];
    for (let n = 0; n < targets.length; n++) {
      if (buy[n] !== 0 || sell[n] !== 0) continue;
      kept += this.#current[n] as number;
      share += targets[n] as number;
    }
    return (value) => (share < 1 ? Math.max(0, value - kept) / (1 - share) : 0);
  }

  /** What is wanted of `value`, and what becomes of it if there is cash enough; gives what is bought and sold then. */
  #reach(
    targets: Float64Array,
    value: number,
    { buy, sell }: Tradable,
    ordered: Tradable,
  ): [bought: number, sold: number] {
    let [bought, sold] = [0, 0];
    for (let n = 0; n < targets.length; n++) {
      const current = this.#current[n] as number;
      const target = (targets[n] as number) * value;
      const wanted = (target > current ? ordered.buy[n] : ordered.sell[n]) === 0 ? current : target;
      this.#wanted[n] = wanted;
      const filled = (wanted > current ? buy[n] : sell[n]) === 1;
      this.#reached[n] = filled ? wanted : current;
      if (!filled) continue;
      if (wanted > current) bought += wanted - current;
      else sold += current - wanted;
    }
    return [bought, sold];
  }

  /** Gives how many orders were not filled at all. */
  #fill(share: number, value: number, price: Float64Array): [unbought: number, unsold: number] {
    let [unbought, unsold] = [0, 0];
    for (let n = 0; n < this.shares.length; n++) {
      const current = this.#current[n] as number;
      const reached = this.#reached[n] as number;
      const missed = (this.#wanted[n] as number) - reached;
      if (missed > leastOrder * value) unbought++;
      else if (missed < -leastOrder * value) unsold++;
      if (reached === current) continue;
      const amount = reached > current ? current + share * (reached - current) : reached;
      this.shares[n] = amount / (price[n] as number);
    }
    return [unbought, unsold];
  }

  #worth(n: number, price: Float64Array): number {
    const shares = this.shares[n] as number;
    return shares === 0 ? 0 : shares * (price[n] as number);
  }
}

/** A basis point of the value: less is what prices moved since the target was set. */
const leastOrder = 1e-4;

/** Nobody is marked as one whom orders are not given for. */
const anybody: Tradable = { buy: new Uint8Array(), sell: new Uint8Array() };
