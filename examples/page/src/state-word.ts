/** A state as a person reads it: `EN_PREPARACION` is "En preparación". */
export function stateWord(state: string): string {
  const text = state.toLowerCase().replaceAll('_', ' ')
  const accented = text.replace(/\b(preparacion|leida)\b/g, (word) => accents[word] ?? word)
  return accented.charAt(0).toUpperCase() + accented.slice(1)
}

const accents: Readonly<Record<string, string>> = { preparacion: 'preparación', leida: 'leída' }
