import type { Running, StateFolder } from '../up/state-folder.ts'
import type { Demo, DemoPage, DemoProgram } from './demo.ts'
import { grantedToken, programPort } from './demo-programs.ts'

/** A page as it is opened. */
export interface OpenPage {
  readonly title: string
  /** With its token in the fragment, where it has one. */
  readonly url: string
  /** Undefined for a page of a program that makes tokens for its users itself. */
  readonly token: string | undefined
}

export async function openPages(demo: Demo, running: Running, state: StateFolder): Promise<readonly OpenPage[]> {
  const pages: OpenPage[] = []
  for (const page of demo.pages) {
    const program = demo.programs.find(({ name }) => name === page.program)
    const address = addressOf(page, program, running)
    const token = program?.signs === true ? undefined : await tokenOf(page, demo, running, state)
    pages.push({ title: page.title, url: token === undefined ? address : `${address}#token=${token}`, token })
  }
  return pages
}

/** The origins of the pages that programs of the demo serve. */
export function pageOrigins(demo: Demo, hubPort: number): readonly string[] {
  const ports = demo.programs.flatMap(({ port }) => (port === undefined ? [] : [hubPort + port]))
  return ports.flatMap((port) => [`http://127.0.0.1:${port}`, `http://localhost:${port}`])
}

function addressOf({ board, path }: DemoPage, program: DemoProgram | undefined, running: Running): string {
  if (board !== undefined) return `${running.addresses.projector}/boards?board=${board}`
  return program === undefined ? '' : new URL(path, `http://127.0.0.1:${programPort(running, program)}`).href
}

async function tokenOf(page: DemoPage, demo: Demo, running: Running, state: StateFolder): Promise<string> {
  const { publish, subscribe } = page
  if (publish === undefined && subscribe === undefined) return running.token
  const who = `${demo.name}-${page.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
  return await grantedToken(state.secrets().jwtSecret, who, { publish: publish ?? [], subscribe: subscribe ?? [] })
}
