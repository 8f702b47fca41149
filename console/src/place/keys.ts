import type { Page } from './place.svelte.ts'
import { pageKeys, pages } from './place.svelte.ts'

export type Command =
  | 'palette'
  | 'filter'
  | 'pause'
  | 'down'
  | 'up'
  | 'open'
  | 'close'
  | 'help'
  | 'wall'
  | 'undo'
  | 'redo'
  | { readonly go: Page }

/** The key that is held with others for a command, as this machine's keyboard names it. */
export const modifier: string = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl'

/** The command of a key press; undefined while the person types, or when the key means nothing. */
export function commandOf(event: KeyboardEvent): Command | undefined {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event
  if ((ctrlKey || metaKey) && key.toLowerCase() === 'k') return 'palette'
  const typing = isTyping(event.target)
  if (!typing && (ctrlKey || metaKey) && key.toLowerCase() === 'z') return shiftKey ? 'redo' : 'undo'
  if (ctrlKey || metaKey || altKey) return undefined
  if (key === 'Escape') return 'close'
  if (typing) return undefined
  const named: Readonly<Record<string, Command>> = { '/': 'filter', j: 'down', k: 'up', '?': 'help', w: 'wall' }
  // Space and Enter belong to the control that has the focus.
  if (!isControl(event.target)) {
    if (key === ' ') return 'pause'
    if (key === 'Enter') return 'open'
  }
  const page = pages.find((each) => pageKeys[each] === key)
  return named[key] ?? (page === undefined ? undefined : { go: page })
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable="true"], [role="dialog"]') !== null
  )
}

function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('button, a, summary, [role="option"], [role="menuitem"], [data-tile]') !== null
  )
}
