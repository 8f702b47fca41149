import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../limits.ts'

/**
 * A board as its file has it. Whether it is a good one is the page's matter, which says where it is
 * not.
 */
export interface BoardFile {
  readonly name: string
  readonly text: string
}

/**
 * The boards of these folders, `<name>.json` each, read anew each time: whoever edits a file loads
 * the page again. Of two with one name the first folder's counts.
 */
export async function readBoardFiles(folders: readonly string[]): Promise<readonly BoardFile[]> {
  const boards = new Map<string, BoardFile>()
  for (const folder of folders) {
    for (const file of (await readdir(folder)).filter((each) => each.endsWith('.json')).sort()) {
      if (boards.size === limits.boardsMax) break
      const path = join(folder, file)
      const name = file.slice(0, -'.json'.length)
      if (boards.has(name) || !boardName.test(name) || (await stat(path)).size > limits.boardBytesMax) continue
      boards.set(name, { name, text: await readFile(path, 'utf8') })
    }
  }
  return [...boards.values()]
}

/** One token of a subject. */
export const boardName: RegExp = /^[A-Za-z0-9_=-]{1,64}$/
