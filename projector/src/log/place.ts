/**
 * The places of events that lie in several streams, in one order: of the time at which they were
 * stored, and in a stream of their sequence. A place is a number that the same event has at every
 * reading: so many sixteenths of a microsecond after the first of the streams was made, where the
 * sixteenth is the number of the stream. They last for seventeen years.
 */
export class Places {
  readonly #baseUs: number

  /** @param baseUs when the first of the streams was made */
  constructor(baseUs: number) {
    this.#baseUs = baseUs
  }

  /**
   * @param before the place of the event before it in its stream; what a clock that was set back
   *   stores comes after it as well
   */
  next(index: number, storedAtUs: number, before: number): number {
    return Math.max(this.of(index, storedAtUs), before + SLOTS)
  }

  /** The least place that an event of the stream can have which is stored at this time. */
  of(index: number, storedAtUs: number): number {
    return storedAtUs === 0 ? 0 : Math.max(0, storedAtUs - this.#baseUs) * SLOTS + SLOTS + index
  }
}

/** As many streams as a tenant may have. */
const SLOTS = 16
