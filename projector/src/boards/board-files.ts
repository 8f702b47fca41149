import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemReason } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/**
 * A board as its file has it. Whether it is a good one is the page's matter, which says where it is
 * not.
 */
export interface BoardFile {
  readonly name: string
  readonly text: string
}

/** Throws `invalid` for a folder that is not there, or may not be read. */
export async function checkBoardFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await readdir(folder).catch((cause: unknown) => {
      const message = `WEIR_BOARDS names ${folder}, which cannot be read: ${systemReason(cause)}.`
      throw new WeirError('invalid', message, { cause })
    })
  }
}

/**
 * The boards of these folders, `<name>.json` each, read anew each time: whoever edits a file loads
 * the page again. Of two with one name the first folder's counts. A folder that was taken away
 * since the start has none, so that the boards that people saved are there all the same.
 */
export async function readBoardFiles(folders: readonly string[]): Promise<readonly BoardFile[]> {
  const boards = new Map<string, BoardFile>()
  for (const folder of folders) {
    const files = await readdir(folder).catch(() => [])
    for (const file of files.filter((each) => each.endsWith('.json')).sort()) {
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
