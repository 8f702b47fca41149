/** The bounds of the services of the examples, each with what happens there. */
export const limits = {
  /** The token of a page is good for so long; its client asks for the next before. */
  pageTokenSeconds: 600,
  /** A token that the service mints for itself is good for so long; it mints one a request. */
  serviceTokenSeconds: 60,
  /** A larger body is answered with 413. */
  bodyBytesMax: 65_536,
  /** A name of a person is cut after so many characters. */
  nameCharactersMax: 40,
  /** A connection to Postgres that is not there by then has failed. */
  databaseConnectSeconds: 10,
  /** Postgres is asked so often at the start before the service gives up. */
  databaseAttemptsMax: 20,
  /** The wait between two of those attempts. */
  databaseRetryMs: 250,
} as const
