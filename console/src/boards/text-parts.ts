/** A part of the text of a tile: words, or code within a line or on lines of its own. */
export interface TextPart {
  readonly kind: 'words' | 'code' | 'block'
  readonly text: string
}

/**
 * Splits a text as Markdown does, for code alone: what stands between backticks, and lines between
 * two lines of three backticks. A backtick without another on its line is one of the words.
 */
export function textParts(text: string): readonly TextPart[] {
  const parts: TextPart[] = []
  const add = (kind: TextPart['kind'], part: string): void => {
    if (part !== '') parts.push({ kind, text: part })
  }
  let end = 0
  for (const match of text.matchAll(/^```[^\n`]*\n([\s\S]*?)\n?^```[^\S\n]*(?:\n|$)|`([^`\n]+)`/gm)) {
    const [whole, block, code] = match
    add('words', text.slice(end, match.index))
    if (code === undefined) add('block', block ?? '')
    else add('code', code)
    end = match.index + whole.length
  }
  add('words', text.slice(end))
  return parts
}
