import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WatchedFile } from './watched-file.ts'

/** A ConfigMap's folder: its files are links into `..data`, which is a link that is swapped. */
async function configMap(): Promise<{ folder: string; put(text: string): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-watched-'))
  let version = 0
  return {
    folder,
    async put(text) {
      const data = `..v${++version}`
      await mkdir(join(folder, data))
      await writeFile(join(folder, data, 'a.yaml'), text)
      await symlink(data, join(folder, '..next'))
      await rename(join(folder, '..next'), join(folder, '..data'))
      if (version === 1) await symlink(join('..data', 'a.yaml'), join(folder, 'a.yaml'))
      else await rm(join(folder, `..v${version - 1}`), { recursive: true })
    },
  }
}

test('an edit, a swap of links, a file that goes and one that comes again are seen, each once', async () => {
  const { folder, put } = await configMap()
  await put('one')
  const seen: string[] = []
  const watched = new WatchedFile({
    file: join(folder, 'a.yaml'),
    everyMs: 5,
    changed: async (text) => void seen.push(text),
    unreadable: () => {
      if (seen.at(-1) !== 'gone') seen.push('gone')
    },
  })
  const until = async (count: number): Promise<void> => {
    while (seen.length < count) await sleep(2)
  }
  watched.start()
  await until(1)
  await put('two')
  while (seen.at(-1) !== 'two') await sleep(2)
  await writeFile(join(folder, 'a.yaml'), 'three')
  while (seen.at(-1) !== 'three') await sleep(2)
  await rm(join(folder, 'a.yaml'))
  while (seen.at(-1) !== 'gone') await sleep(2)
  await writeFile(join(folder, 'a.yaml'), 'four')
  while (seen.at(-1) !== 'four') await sleep(2)
  await watched.stop()
  assert.deepEqual(
    seen.filter((text) => text !== 'gone'),
    ['one', 'two', 'three', 'four'],
  )
  await rm(folder, { recursive: true })
})

test('half of a file that is being written does not count, and what is as before counts once', async () => {
  const contents = ['one', 'one', 'one', 'tw', 'two', 'two', 'two', 'one', 'two', 'two', 'three', 'three']
  const seen: string[] = []
  const watched = new WatchedFile({
    file: '',
    everyMs: 1,
    changed: async (text) => void seen.push(text),
    unreadable: () => undefined,
    read: async () => contents.shift() ?? '',
  })
  watched.start()
  while (seen.at(-1) !== 'three') await sleep(1)
  await watched.stop()
  assert.deepEqual(seen, ['one', 'two', 'three'])
})
