import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Running } from '../cli/src/up/state-folder.ts'
import { isRunning, until } from '../cli/test/processes.ts'
import { type RunningDemo, RunningMesh } from './running-mesh.ts'

let mesh: RunningMesh
before(async () => {
  mesh = await RunningMesh.start()
})
after(() => mesh?.dispose())

/** Asks the running mesh as its owner. */
async function boards(): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${mesh.running.token}` }
  const response = await fetch(`${mesh.running.addresses.projector}/v1/boards`, { headers })
  const { items } = (await response.json()) as { readonly items: readonly { readonly name: string }[] }
  return items.map(({ name }) => name)
}

test('a demo joins the mesh of its folder, which goes on when it ends', async () => {
  assert.deepEqual(await boards(), [])
  const demo = mesh.spawn('demo', 'rooms', '--rate', '50', '--json')
  let line = ''
  let said = ''
  demo.stderr?.on('data', (text: Buffer) => {
    said += text
  })
  demo.stdout?.on('data', (text: Buffer) => {
    line += text
  })
  await until(
    'it is ready',
    () => line.includes('\n') || demo.exitCode !== null,
    90_000,
    () => said,
  )
  assert.equal(demo.exitCode, null, said)
  const running = JSON.parse(line) as Running & { readonly demo: RunningDemo }
  assert.equal(running.pid, mesh.pid)
  assert.deepEqual(running.demo.pages.map(({ title }) => title).slice(0, 1), ['God Mode'])
  assert.deepEqual(await boards(), ['god-mode'])
  assert.match((await mesh.weir('sub', 'rooms.>', '--count', '1')).out, /viewers_count/)

  demo.kill('SIGINT')
  await once(demo, 'exit')
  assert.equal(demo.exitCode, 0, said)
  assert.deepEqual(Object.values(running.demo.pids).filter(isRunning), [])
  assert.equal((await mesh.weir('pub', 'kept.value', '42')).code, 0)
  await until('it is in the bucket', async () => (await mesh.weir('get', 'latest', 'kept.value')).code === 0)
  const now = JSON.parse(readFileSync(join(mesh.folder, '.weir/up.json'), 'utf8')) as Running
  assert.notEqual(now.pids.ingest, mesh.running.pids.ingest, 'ingest read the routes')
  assert.equal(now.pids.hub, mesh.running.pids.hub, 'subscribers stayed')
})

test('what cannot be added is refused with the reason, and the mesh is as before', async () => {
  const request = join(mesh.folder, '.weir/join/bad.json')
  const answer = join(mesh.folder, '.weir/join/bad.answer.json')
  writeFileSync(join(mesh.folder, 'projections.yaml'), 'projections: [{ name: x, kind: nothing }]\n')
  writeFileSync(request, JSON.stringify({ name: 'bad', folder: mesh.folder, origins: [] }))
  await until('there is an answer', () => existsSync(answer))
  assert.match(readFileSync(answer, 'utf8'), /"refused".*kind/)
  writeFileSync(join(mesh.folder, 'projections.yaml'), 'projections: []\n')
  writeFileSync(join(mesh.folder, 'routes.yaml'), 'routes: [{ path: nowhere }]\n')
  rmSync(answer)
  writeFileSync(request, JSON.stringify({ name: 'bad', folder: mesh.folder, origins: [] }))
  await until('there is an answer', () => existsSync(answer))
  assert.match(readFileSync(answer, 'utf8'), /"refused".*routes\[\d+\]\.path/)
  assert.deepEqual(await boards(), ['god-mode'])
  assert.equal((await mesh.weir('doctor')).code, 0)
})

test('a demo whose port is taken says whose, and has changed nothing', async () => {
  const before = await boards()
  const port = mesh.portBase + 31
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  const { code, out, err } = await mesh.weir('demo', 'kitchen')
  other.close()
  assert.deepEqual([code, out], [1, ''])
  assert.match(err, new RegExp(`Port ${port} \\(the database of service\\) is taken .*"weir demo kitchen"`))
  assert.deepEqual(await boards(), before)
})

test('a demo that does not exist is told with those that do', async () => {
  const outcome = await mesh.weir('demo', 'nothing')
  assert.equal(outcome.code, 2)
  assert.match(outcome.err, /There is no demo "nothing": there are .*rooms/)
  // Before anything is started or joined.
  const { code, out, err } = await mesh.weir('demo', 'rooms', '--rate', 'much')
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /--rate "much" is not a number above 0/)
})
