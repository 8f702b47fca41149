import type { Component } from 'svelte'
import type { Page } from '../place/place.svelte.ts'

/** Each page is a chunk of its own, loaded when it is gone to. */
const chunks: Readonly<Partial<Record<Page, () => Promise<{ readonly default: Component }>>>> = {
  start: () => import('../pages/Start.svelte'),
  live: () => import('../pages/Live.svelte'),
  state: () => import('../pages/State.svelte'),
}

export async function loadPage(page: Page): Promise<Component> {
  const chunk = chunks[page]
  if (chunk === undefined) throw new Error(`There is no page ${page}.`)
  return (await chunk()).default
}
