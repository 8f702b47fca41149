import { createContext } from 'svelte'
import type { SeenSubjects } from '../data/seen-subjects.ts'
import type { Link } from '../link/link.svelte.ts'
import type { Command } from './keys.ts'
import type { MarkedRows } from './marked-rows.svelte.ts'
import type { Place } from './place.svelte.ts'
import type { Preferences } from './preferences.svelte.ts'
import type { Pulse } from './pulse.svelte.ts'
import type { Theme } from './theme.svelte.ts'

/** What every part of the page shares. */
export interface Desk {
  readonly link: Link
  readonly place: Place
  readonly rows: MarkedRows
  readonly theme: Theme
  readonly preferences: Preferences
  readonly seen: SeenSubjects
  readonly pulse: Pulse
  /**
   * Gives commands of the keyboard to the handler before the shell, until the returned function is
   * called. The handler returns true when it has handled the command.
   */
  readonly onCommand: (handler: (command: Command) => boolean) => () => void
}

export const [useDesk, provideDesk] = createContext<Desk>()
