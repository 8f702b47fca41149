import type { PGlite } from '@electric-sql/pglite'
import type { RawSession } from './postgres-session.ts'

/**
 * The session of a PGlite. Its answers are taken as they are written: `execProtocolRaw` also
 * parses them, and keeps each message until a call of another kind, so for ever where only raw
 * messages are run.
 */
export function pgliteSession(db: PGlite): RawSession {
  return {
    async run(messages) {
      const answers: Uint8Array[] = []
      // What is given is memory of Postgres, which it writes to again.
      await db.execProtocolRawStream(messages, { onRawData: (bytes) => answers.push(bytes.slice()) })
      return Buffer.concat(answers)
    },
    isInTransaction: () => db.isInTransaction(),
  }
}
