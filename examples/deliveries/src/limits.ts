/** The bounds of the service and of its producer, each with what happens there. */
export const limits = {
  /** A longer name is refused; its event would be, past 256 bytes. */
  nameCharactersMax: 60,
  /** A list has so many entities at most. */
  listMax: 60,
  /** What has come to its end is removed so long after it. */
  closedKeptMs: 604_800_000,
  /** How often that is looked for. */
  removeEveryMs: 600_000,
  /** Changes a second of the producer, unless it is told otherwise. */
  changesPerSecond: 1,
  /** The producer delivers nothing more while fewer than this are on their way. */
  openEntregasMin: 7,
  /** It adds proformas while fewer than this are open. */
  openProformasMin: 8,
} as const

/** Where demo.yaml has the service, counted from the hub's port. */
export const SERVICE_PORT = 40
