/** What may be traded at a date, by symbol: 1 where an order to buy or sell can be filled. */
export interface Tradable {
  readonly buy: Uint8Array;
  readonly sell: Uint8Array;
}

export interface Costs {
  /** Share of the amount bought. */
  readonly buy: number;
  /** Share of the amount sold. */
  readonly sell: number;
}

/** What a rebalance came to; amounts are shares of the value before it. */
interface Rebalanced {
  readonly bought: number;
  readonly sold: number;
  readonly cost: number;
  /** Orders that could not be filled. */
  readonly unbought: number;
  readonly unsold: number;
}

/**
 * Money that is spread evenly over some symbols at a rebalance and drifts with their prices in between. It starts as
 * cash worth 1, and nothing is borrowed.
 *
 * Values are kept per holding, so a symbol that could not be sold stays beside those that were bought for it.
 */
export class Portfolio {
  readonly #costs: Costs;
  readonly #held: Int32Array;
  readonly #amounts: Float64Array;
  #count = 0;
  #cash = 1;

  // Of one rebalance: first its members, then what else is held.
  readonly #symbol: Int32Array;
  readonly #current: Float64Array;
  /** Least and most each may be worth afterwards, as far as orders can be filled. */
  readonly #least: Float64Array;
  readonly #most: Float64Array;
  readonly #settled: Uint8Array;
  readonly #place: Int32Array;

  constructor(symbols: number, costs: Costs) {
    this.#costs = costs;
    this.#held = new Int32Array(symbols);
    this.#amounts = new Float64Array(symbols);
    this.#symbol = new Int32Array(symbols);
    this.#current = new Float64Array(symbols);
    this.#least = new Float64Array(symbols);
    this.#most = new Float64Array(symbols);
    this.#settled = new Uint8Array(symbols);
    this.#place = new Int32Array(symbols).fill(-1);
  }

  get count(): number {
    return this.#count;
  }

  /** Multiplies every holding by its symbol's growth; gives the value after it. */
  drift(growth: Float64Array): number {
    const [held, amounts, count] = [this.#held, this.#amounts, this.#count];
    let value = this.#cash;
    for (let i = 0; i < count; i++) {
      const amount = (amounts[i] as number) * (growth[held[i] as number] as number);
      amounts[i] = amount;
      value += amount;
    }
    return value;
  }

  /** Turns holdings in these symbols into cash at their last value; gives how many there were. */
  writeOff(gone: Uint8Array): number {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      const symbol = this.#held[i] as number;
      const amount = this.#amounts[i] as number;
      if (gone[symbol] === 1) {
        this.#cash += amount;
        continue;
      }
      this.#held[kept] = symbol;
      this.#amounts[kept++] = amount;
    }
    const written = this.#count - kept;
    this.#count = kept;
    return written;
  }

  /**
   * Sells what is not a member and brings the members to one amount, as far as orders can be filled: a symbol that
   * cannot be sold keeps what it has, and one that cannot be bought gets no more. The amount is such that what they
   * leave or take is spread over the other members, and that costs are paid from the same money.
   */
  rebalance(members: Int32Array, tradable: Tradable): Rebalanced {
    const orders = this.#orders(members, tradable);
    const [symbol, current, least, most] = [this.#symbol, this.#current, this.#least, this.#most];
    let value = this.#cash;
    for (let i = 0; i < orders; i++) value += current[i] as number;
    let [stuck, leaving] = [0, 0];
    for (let i = members.length; i < orders; i++) {
      stuck += least[i] as number;
      leaving += (current[i] as number) - (least[i] as number);
    }

    // The amount depends on the costs and they on it, but on each other only by a factor of about their rate: six
    // rounds settle costs of 0.2% to the last bit.
    let [share, bought, sold, cost] = [0, 0, 0, 0];
    for (let round = 0; round < 100; round++) {
      share = this.#equalShare(value - stuck - cost, members.length);
      [bought, sold] = [0, leaving];
      for (let i = 0; i < members.length; i++) {
        const change = within(share, least[i] as number, most[i] as number) - (current[i] as number);
        if (change > 0) bought += change;
        else sold -= change;
      }
      const before = cost;
      cost = bought * this.#costs.buy + sold * this.#costs.sell;
      if (Math.abs(cost - before) <= 1e-16 * value) break;
    }

    let [unbought, unsold, spent] = [0, 0, 0];
    let count = 0;
    for (let i = 0; i < orders; i++) {
      const wanted = i < members.length ? share : 0;
      const amount = within(wanted, least[i] as number, most[i] as number);
      if (wanted > amount) unbought++;
      if (wanted < amount) unsold++;
      if (amount > 0) {
        this.#held[count] = symbol[i] as number;
        this.#amounts[count++] = amount;
        spent += amount;
      }
    }
    this.#count = count;
    this.#cash = value - cost - spent;
    return { bought: bought / value, sold: sold / value, cost: cost / value, unbought, unsold };
  }

  /** Lists members and holdings with what they are worth now; gives how many symbols that is. */
  #orders(members: Int32Array, { buy, sell }: Tradable): number {
    const [symbol, current, place] = [this.#symbol, this.#current, this.#place];
    let orders = members.length;
    for (let i = 0; i < orders; i++) {
      const n = members[i] as number;
      symbol[i] = n;
      current[i] = 0;
      place[n] = i;
    }
    for (let i = 0; i < this.#count; i++) {
      const n = this.#held[i] as number;
      const at = place[n] as number;
      const order = at < 0 ? orders++ : at;
      symbol[order] = n;
      current[order] = this.#amounts[i] as number;
    }
    for (let i = 0; i < members.length; i++) place[members[i] as number] = -1;
    for (let i = 0; i < orders; i++) {
      const n = symbol[i] as number;
      const now = current[i] as number;
      this.#least[i] = sell[n] === 1 ? 0 : now;
      this.#most[i] = buy[n] === 1 ? Number.POSITIVE_INFINITY : now;
    }
    return orders;
  }

  /**
   * The amount with which the members come to `budget` together. Members who cannot follow are settled where they
   * stand, those on the side that is further off first: the final amount cannot be on their other side (Bitran and
   * Hax, 1981). When none can take more, less than the budget is spent.
   */
  #equalShare(budget: number, members: number): number {
    const [least, most, settled] = [this.#least, this.#most, this.#settled];
    settled.fill(0, 0, members);
    let [free, rest, share] = [members, budget, 0];
    while (free > 0) {
      share = Math.max(0, rest / free);
      let [short, over] = [0, 0];
      for (let i = 0; i < members; i++) {
        if (settled[i] === 1) continue;
        if (share > (most[i] as number)) short += share - (most[i] as number);
        else if (share < (least[i] as number)) over += (least[i] as number) - share;
      }
      if (short === 0 && over === 0) break;
      for (let i = 0; i < members; i++) {
        if (settled[i] === 1) continue;
        const bound = within(share, least[i] as number, most[i] as number);
        if (bound === share || bound < share !== short >= over) continue;
        settled[i] = 1;
        free--;
        rest -= bound;
      }
    }
    return share;
  }
}

const within = (x: number, least: number, most: number): number => Math.min(Math.max(x, least), most);
