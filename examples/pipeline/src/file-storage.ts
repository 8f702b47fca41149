import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CursorStorage } from '@weir/client'

/** A folder that keeps texts by their names, each a file that is replaced whole. */
export class FileStorage implements CursorStorage {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  getItem(key: string): string | null {
    const path = this.#path(key)
    return existsSync(path) ? readFileSync(path, 'utf8') : null
  }

  setItem(key: string, value: string): void {
    const path = this.#path(key)
    writeFileSync(`${path}.new`, value)
    renameSync(`${path}.new`, path)
  }

  #path(key: string): string {
    return join(this.#folder, encodeURIComponent(key))
  }
}
