import { ingestLimits } from '../limits.ts'

/**
 * Labels in the order of their worth, of which as many become those of an event as it may have.
 * What is cut is named.
 */
export class LabelList {
  readonly #labels: (readonly [name: string, value: string])[] = []
  /** Names of what is no label, or not whole. */
  readonly #cut: string[] = []

  /** A name that no label may have is cut, and so is the end of a value that is too long. */
  add(name: string, value: string): void {
    const kept = withinBytes(value, ingestLimits.labelValueBytesMax)
    const isName = name !== '' && withinBytes(name, ingestLimits.labelNameBytesMax) === name
    if (isName) this.#labels.push([name, kept])
    if (!isName || kept !== value) this.#cut.push(name)
  }

  /**
   * Adds these labels to the `ownCount` that an event has of its own, which win over others of the
   * same name.
   */
  addTo(own: { [name: string]: string }, ownCount: number): void {
    let count = ownCount + 1
    let cut = this.#cut
    for (const [name, value] of this.#labels) {
      const other = own[name]
      if (other === undefined && count < ingestLimits.labelsMax) {
        own[name] = value
        count++
      } else if (other !== value) {
        cut = [...cut, name]
      }
    }
    if (cut.length > 0 && count <= ingestLimits.labelsMax) own[cutLabel] = namesOf(cut)
  }
}

/**
 * The label that names the attributes which are no labels, or not whole. It has a place of its own
 * among the labels.
 */
export const cutLabel = 'weir.cut'

function namesOf(cut: readonly string[]): string {
  const names = cut.map((name) => withinBytes(name, ingestLimits.labelNameBytesMax)).join(', ')
  const room = ingestLimits.labelValueBytesMax - 32
  const kept = withinBytes(names, room)
  return kept === names ? names : `${cut.length} attributes: ${kept}`
}

/** The text, or as much of its beginning as takes no more bytes of UTF-8. */
function withinBytes(text: string, bytesMax: number): string {
  // A UTF-16 unit takes at most three bytes, so most texts need no count.
  if (text.length * 3 <= bytesMax) return text
  const { read } = encoder.encodeInto(text, scratch.subarray(0, bytesMax))
  return text.slice(0, read)
}

const encoder = new TextEncoder()
const scratch = new Uint8Array(ingestLimits.labelValueBytesMax)
