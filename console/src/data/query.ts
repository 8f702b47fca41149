import { isFilter } from '@weir/proto/filter'

/**
 * What the filter field says: subjects for the hub, labels and types that the page compares itself.
 */
export interface Query {
  /** Valid filters; `>` alone when none is given. */
  readonly filters: readonly string[]
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly types: readonly string[]
  /** Terms that are none of these. */
  readonly wrong: readonly string[]
}

/**
 * The terms of a text, in their order: `rooms.*.climate label.site=a type=room.climate`. A quoted
 * value may have spaces.
 */
export function termsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)].map(([term]) => term)
}

export function parseQuery(text: string): Query {
  const filters: string[] = []
  const labels: [string, string][] = []
  const types: string[] = []
  const wrong: string[] = []
  for (const term of termsOf(text)) {
    const [, label, labelValue = '', typeValue = ''] = /^(?:label\.([^=]+)=(.*)|type=(.*))$/.exec(term) ?? []
    if (label !== undefined) labels.push([label, unquoted(labelValue)])
    else if (term.startsWith('type=')) types.push(unquoted(typeValue))
    else if (isFilter(term)) filters.push(term)
    else wrong.push(term)
  }
  return { filters: filters.length === 0 ? ['>'] : filters, labels, types, wrong }
}

/** Whether an event of these labels and this type has what a query compares. */
export function isWanted({ labels, types }: Query, own: Readonly<Record<string, string>>, kind: string): boolean {
  return labels.every(([name, value]) => own[name] === value) && (types.length === 0 || types.includes(kind))
}

/** A value as a term has it: in quotes where it has spaces. */
export function quotedValue(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, value.endsWith('"') && value.length > 1 ? -1 : undefined) : value
}
