import type { Component } from 'svelte'
import type { Page } from '../place/place.svelte.ts'

/** Each page is a chunk of its own, loaded when it is gone to. */
const chunks: Readonly<Record<Page, () => Promise<{ readonly default: Component }>>> = {
  start: () => import('../pages/Start.svelte'),
  live: () => import('../pages/Live.svelte'),
  state: () => import('../pages/State.svelte'),
  history: () => import('../pages/History.svelte'),
  alerts: () => import('../pages/Alerts.svelte'),
  mesh: () => import('../pages/Mesh.svelte'),
  boards: () => import('../pages/Boards.svelte'),
}

export async function loadPage(page: Page): Promise<Component> {
  return (await chunks[page]()).default
}
