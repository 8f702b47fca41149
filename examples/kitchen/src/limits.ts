/** The bounds of the service and of its producer, each with what happens there. */
export const limits = {
  /** Messages of WhatsApp that came while the service was away are taken for so long. */
  missedMessages: '1d',
  /** Reading messages is begun again so long after it failed. */
  intakeRetryMs: 1_000,
  /** Things of a branch that are listed: the open ones before those that are finished. */
  listMax: 300,
  /** What was finished, and the actions that are known again, are removed so long after. */
  keptMs: 604_800_000,
  /** How often that is looked for. */
  removeEveryMs: 600_000,
  /** A reason, a text or a product is cut after so many characters. */
  textCharactersMax: 200,
  /** A refill is of so many at most. */
  quantityMax: 500,
  /** Acts a second of the producer, unless it is told otherwise. */
  actsPerSecond: 0.5,
  /** Orders that wait in a branch before its customers stay away. */
  waitingMax: 7,
} as const

/** Where demo.yaml has the service, counted from the hub's port. */
export const SERVICE_PORT = 30
