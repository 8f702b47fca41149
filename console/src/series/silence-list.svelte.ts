import type { Weir } from '@weir/client'
import { type MatchedAlert, type Silence, silenceOf, silenceState, silencesBucket, silencing } from '@weir/proto'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from './feed.ts'

/** The silences that the bucket holds, as they change. Nothing is silenced where there is none. */
export class SilenceList {
  #all: readonly Silence[] = $state.raw([])
  readonly #byName = new Map<string, Silence>()

  constructor(desk: Desk, weir: Weir) {
    const tell = (): void => {
      this.#all = [...this.#byName.values()]
    }
    new Feed(
      desk,
      weir,
      { source: silencesBucket },
      {
        entry: ({ subject, event }) => {
          const silence = readable(subject, event)
          if (silence === undefined) return
          this.#byName.set(silence.name, silence)
          tell()
        },
        removed: ({ subject }) => {
          this.#byName.delete(subject.slice(subject.indexOf('.') + 1))
          tell()
        },
        reset: () => {
          this.#byName.clear()
          tell()
        },
      },
    )
  }

  /** In force or still to come, by their end. */
  current(nowMs: number): readonly Silence[] {
    return this.#all
      .filter((silence) => silenceState(silence, nowMs) !== 'expired')
      .sort((a, b) => a.untilMs - b.untilMs || (a.name < b.name ? -1 : 1))
  }

  /** What quiets an alert at a time. */
  silencing(alert: MatchedAlert, nowMs: number): Silence | undefined {
    return this.#all.length === 0 ? undefined : silencing(this.#all, alert, nowMs)
  }
}

/** What declares no silence is a dead letter, and silences nothing. */
function readable(subject: string, event: Parameters<typeof silenceOf>[1]): Silence | undefined {
  try {
    return silenceOf(subject, event, serverNowMs())
  } catch {
    return undefined
  }
}
