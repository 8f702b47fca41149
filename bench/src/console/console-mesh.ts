import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, launchBrowser, type Page } from '../../../test/browser.ts'
import { RunningMesh } from '../../../test/running-mesh.ts'
import { FloodProcess } from './flood-process.ts'

/**
 * The flood is what the hub and the page have to take; state and history are of the board alone.
 */
const projections = `projections:
  - { name: latest, kind: latest, from: wall.> }
  - { name: history, kind: history, from: wall.>, retention: 1d }
`

const columns = 24
export const tileCount = 1_000

/** A board of a number for each subject, as rooms of machines have it. */
const wall = {
  title: 'Wall',
  tiles: Array.from({ length: tileCount }, (_, at) => ({
    kind: 'kpi',
    title: `r${at}`,
    filter: wallSubject(at),
    x: at % columns,
    y: Math.floor(at / columns) * 2,
    w: 1,
    h: 2,
  })),
}

/** One number, to see when a change of it is drawn. */
const one = {
  title: 'One',
  tiles: [{ kind: 'kpi', title: 'One', filter: 'wall.one', field: 'value', x: 0, y: 0, w: 8, h: 4 }],
}

export function wallSubject(at: number): string {
  return `wall.r${at}`
}

/** A whole `weir up` with boards, and a real Chromium before it. */
export class ConsoleMesh {
  readonly #mesh: RunningMesh
  readonly #browser: Browser

  private constructor(mesh: RunningMesh, browser: Browser) {
    this.#mesh = mesh
    this.#browser = browser
  }

  static async start(): Promise<ConsoleMesh> {
    const folder = mkdtempSync(join(tmpdir(), 'weir-bench-console-'))
    const boards = join(folder, 'boards')
    mkdirSync(boards)
    writeFileSync(join(boards, 'wall.json'), JSON.stringify(wall))
    const file = join(folder, 'projections.yaml')
    writeFileSync(file, projections)
    const mesh = await RunningMesh.start(folder, { WEIR_BOARDS: boards, WEIR_PROJECTIONS: file })
    return new ConsoleMesh(mesh, await launchBrowser())
  }

  /** A browser that has seen nothing yet. */
  async newcomer(): Promise<BrowserContext> {
    return await this.#browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  }

  /** The address of a page, with the token that signs in. */
  address(path: string): string {
    return `${this.#mesh.running.addresses.projector}/${path}#token=${this.#mesh.running.token}`
  }

  /** Opens a page as somebody who is signed in. */
  async visit(path: string): Promise<Page> {
    const page = await (await this.newcomer()).newPage()
    await page.goto(this.address(path))
    return page
  }

  /**
   * Runs something while there is a board with one number; a wall that rotates must not show it.
   */
  async withOneNumber(use: () => Promise<void>): Promise<void> {
    const { addresses, token } = this.#mesh.running
    const address = `${addresses.projector}/v1/boards/one`
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const saved = await fetch(`${address}?seq=0`, { method: 'PUT', headers, body: JSON.stringify(one) })
    if (!saved.ok) throw new Error(`The read API answered ${saved.status}: ${await saved.text()}`)
    try {
      await use()
    } finally {
      await fetch(address, { method: 'DELETE', headers })
    }
  }

  flood(perSecond: number, subjects: number): FloodProcess {
    return FloodProcess.start(this.#mesh.running.addresses.nats, perSecond, subjects)
  }

  /** Sends events as a producer does; resolves when they are stored. */
  async post(events: readonly object[]): Promise<void> {
    const response = await fetch(`${this.#mesh.running.addresses.ingest}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#mesh.running.token}`,
        'content-type': 'application/x-ndjson',
      },
      body: events.map((event) => JSON.stringify(event)).join('\n'),
    })
    if (!response.ok) throw new Error(`Ingest answered ${response.status}: ${await response.text()}`)
    await response.body?.cancel()
  }

  async stop(): Promise<void> {
    await this.#browser.close()
    await this.#mesh.dispose()
  }
}
