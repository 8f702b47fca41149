import { words } from '../words/words.ts'

/**
 * Puts a text into the clipboard, and gives what a person is told of it. A page that came without
 * TLS from another machine has no clipboard of its own, nor one whose user refuses it; a selection
 * can be copied there nevertheless.
 */
export async function copyText(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text)
    return words.shell.copied
  } catch {
    return copySelection(text) ? words.shell.copied : words.shell.notCopied
  }
}

function copySelection(text: string): boolean {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.style.cssText = 'position:fixed;opacity:0'
  // Within an open dialog nothing outside of it can be selected.
  const dialogs = document.querySelectorAll('[role=dialog]')
  ;(dialogs[dialogs.length - 1] ?? document.body).append(field)
  field.select()
  const copied = document.execCommand('copy')
  field.remove()
  if (before instanceof HTMLElement) before.focus()
  return copied
}
