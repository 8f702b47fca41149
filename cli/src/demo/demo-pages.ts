import type { Running, StateFolder } from '../up/state-folder.ts'
import type { Demo, DemoPage } from './demo.ts'
import { grantedToken, programPort } from './demo-programs.ts'

/** A page as it is opened. */
export interface OpenPage {
  readonly title: string
  /** With its token in the fragment. */
  readonly url: string
  readonly token: string
}

export async function openPages(demo: Demo, running: Running, state: StateFolder): Promise<readonly OpenPage[]> {
  const pages: OpenPage[] = []
  for (const page of demo.pages) {
    const token = await tokenOf(page, demo, running, state)
    pages.push({ title: page.title, url: `${addressOf(page, demo, running)}#token=${token}`, token })
  }
  return pages
}

/** The origins of the pages that programs of the demo serve. */
export function pageOrigins(demo: Demo, hubPort: number): readonly string[] {
  const ports = demo.programs.flatMap(({ port }) => (port === undefined ? [] : [hubPort + port]))
  return ports.flatMap((port) => [`http://127.0.0.1:${port}`, `http://localhost:${port}`])
}

function addressOf(page: DemoPage, demo: Demo, running: Running): string {
  if (page.board !== undefined) return `${running.addresses.projector}/boards?board=${page.board}`
  const program = demo.programs.find(({ name }) => name === page.program)
  return program === undefined ? '' : `http://127.0.0.1:${programPort(running, program)}${page.path}`
}

async function tokenOf(page: DemoPage, demo: Demo, running: Running, state: StateFolder): Promise<string> {
  const { publish, subscribe } = page
  if (publish === undefined && subscribe === undefined) return running.token
  const who = `${demo.name}-${page.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
  return await grantedToken(state.secrets().jwtSecret, who, { publish: publish ?? [], subscribe: subscribe ?? [] })
}
