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
 * The boards of a folder, `<name>.json` each, read anew each time: whoever edits a file loads the
 * page again.
 */
export async function readBoardFiles(folder: string | undefined): Promise<readonly BoardFile[]> {
  if (folder === undefined) return []
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  const boards: BoardFile[] = []
  for (const file of files.slice(0, limits.boardsMax)) {
    const path = join(folder, file)
    const name = file.slice(0, -'.json'.length)
    if (!boardName.test(name) || (await stat(path)).size > limits.boardBytesMax) continue
    boards.push({ name, text: await readFile(path, 'utf8') })
  }
  return boards
}

/** One token of a subject. */
export const boardName: RegExp = /^[A-Za-z0-9_=-]{1,64}$/
