// Owns Seats: the set of what is under way, entered and left with every request. A Set or Map would
// do, but each time it grows or shrinks V8 leaves its old table behind, and what stood in that table
// is kept until the next full collection: half of all requests, at 16 connections.

/** A holder's place in one set of seats. */
export class Seat<T> {
  readonly holder: T;
  /** Set by Seats; -1 while the seat is in no set. */
  row = -1;

  constructor(holder: T) {
    this.holder = holder;
  }
}

export class Seats<T> {
  readonly #seats: (Seat<T> | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#seats.length - this.#free.length;
  }

  /** Does nothing when the seat is taken already. */
  take(seat: Seat<T>): void {
    if (seat.row >= 0) return;
    seat.row = this.#free.pop() ?? this.#seats.length;
    this.#seats[seat.row] = seat;
  }

  /** Does nothing when the seat has been left already. */
  leave(seat: Seat<T>): void {
    if (seat.row < 0) return;
    this.#seats[seat.row] = undefined;
    this.#free.push(seat.row);
    seat.row = -1;
  }

  /** Everybody who holds a seat; seats may be taken and left meanwhile. */
  *holders(): Generator<T> {
    for (const seat of this.#seats) if (seat !== undefined) yield seat.holder;
  }
}
