import adapters from './site-adapters.json' with { type: 'json' }

/** How a site shows what a room has: a CSS selector for each counter. */
export interface SiteAdapter {
  readonly platform: string
  /** What the path of a page of this site begins with. */
  readonly path: string
  readonly viewers: string
  readonly tips: string
  readonly tokens: string
}

export interface Counters {
  readonly platform: string
  readonly tokens: number
  readonly tips: number
  readonly viewers: number
}

/** The adapter of a page; undefined for a site that has none. */
export function adapterOf(path: string): SiteAdapter | undefined {
  return (adapters as readonly SiteAdapter[]).find((adapter) => path.startsWith(adapter.path))
}

/**
 * What the page shows now; undefined while one of the counters is not there, as before a page has
 * been drawn.
 */
export function readCounters(adapter: SiteAdapter, page: ParentNode): Counters | undefined {
  const [viewers, tips, tokens] = [adapter.viewers, adapter.tips, adapter.tokens].map((selector) =>
    countIn(page.querySelector(selector)?.textContent ?? ''),
  )
  if (viewers === undefined || tips === undefined || tokens === undefined) return undefined
  return { platform: adapter.platform, viewers, tips, tokens }
}

/** `1,234`, `1.2k` or `3M` as a number; undefined for text without one. */
export function countIn(text: string): number | undefined {
  const [, digits, unit = ''] = /(\d[\d,]*(?:\.\d+)?)\s*([kKmM]?)/.exec(text) ?? []
  if (digits === undefined) return undefined
  return Math.round(Number(digits.replaceAll(',', '')) * (factors[unit.toLowerCase()] ?? 1))
}

const factors: Readonly<Record<string, number>> = { k: 1_000, m: 1_000_000 }
