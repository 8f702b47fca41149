import { words } from '../words/words.ts'
import { type Board, inWords } from './board.ts'

/** A value of a variable as a person reads it: what stands for everything in a filter is a word. */
export function saidValue(value: string, boardWords: Board['words']): string {
  const called = inWords(value, boardWords)
  return called === '*' || called === '>' ? words.boards.any : called
}

/** The same of all variables of a board, by their names. */
export function saidValues(
  values: Readonly<Record<string, string>>,
  boardWords: Board['words'],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, saidValue(value, boardWords)]))
}
