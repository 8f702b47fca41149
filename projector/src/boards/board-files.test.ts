import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../limits.ts'
import { checkBoardFolders, readBoardFiles } from './board-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-board-files-'))
after(() => rmSync(folder, { recursive: true }))

function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, name)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

test('a board is a file of its name, as it is, whether it is a good one or not', async () => {
  const path = folderOf('plain', { 'rooms.json': '{"title":"Rooms"}', 'bad.json': 'no board', 'notes.md': 'x' })
  assert.deepEqual(await readBoardFiles([path]), [
    { name: 'bad', text: 'no board' },
    { name: 'rooms', text: '{"title":"Rooms"}' },
  ])
  writeFileSync(join(path, 'rooms.json'), '{}')
  assert.equal((await readBoardFiles([path]))[1]?.text, '{}', 'it is read anew each time')
})

test('a folder that is not there ends the start, and one that is taken away later has no boards', async () => {
  const path = folderOf('gone', { 'rooms.json': '{}' })
  const other = folderOf('stays', { 'halls.json': '{}' })
  await checkBoardFolders([path, other])
  rmSync(path, { recursive: true })
  await assert.rejects(checkBoardFolders([other, path]), {
    code: 'invalid',
    message: `WEIR_BOARDS names ${path}, which cannot be read: no such file or directory.`,
  })
  assert.deepEqual(
    (await readBoardFiles([path, other])).map(({ name }) => name),
    ['halls'],
  )
})

test('of two boards with one name the first folder counts', async () => {
  const first = folderOf('first', { 'rooms.json': '1' })
  const second = folderOf('second', { 'rooms.json': '2', 'other.json': '3' })
  assert.deepEqual(
    (await readBoardFiles([first, second])).map(({ name, text }) => [name, text]),
    [
      ['rooms', '1'],
      ['other', '3'],
    ],
  )
})

test('a name that is no token of a subject, and a file that is too large, are no boards', async () => {
  const path = folderOf('odd', {
    'a.b.json': '1',
    'with space.json': '2',
    '.json': '3',
    'large.json': ' '.repeat(limits.boardBytesMax + 1),
    'just.json': ' '.repeat(limits.boardBytesMax),
  })
  assert.deepEqual(
    (await readBoardFiles([path])).map(({ name }) => name),
    ['just'],
  )
})

test('no more boards are read than the bound says', async () => {
  const files = Object.fromEntries(Array.from({ length: limits.boardsMax + 2 }, (_, at) => [`b${at}.json`, '1']))
  assert.equal((await readBoardFiles([folderOf('many', files)])).length, limits.boardsMax)
})
