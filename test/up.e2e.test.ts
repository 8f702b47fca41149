import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freePortBase } from '../cli/src/up/ports.ts'
import { isRunning, until } from '../cli/test/processes.ts'
import { RunningMesh, weir } from './running-mesh.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-up-'))
// So the first start makes its own Postgres, as a user's does.
mkdirSync(join(folder, '.weir'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('Ctrl-C ends everything with exit code 0, and what was stored is there at the next start', async () => {
  const first = await RunningMesh.start(folder)
  assert.equal((await first.weir('pub', 'kept.value', '42')).code, 0)
  await until('it is in the bucket', async () => (await first.weir('get', 'latest', 'kept.value')).code === 0)
  assert.equal((await first.weir('doctor')).code, 0)
  const pids = Object.values(first.running.pids)
  assert.equal(pids.length, 6)
  assert.equal(await first.end('SIGINT'), 0)
  assert.deepEqual(pids.filter(isRunning), [])
  assert.ok(!existsSync(join(folder, '.weir/up.json')))

  const second = await RunningMesh.start(folder)
  assert.equal((await second.weir('get', 'latest', 'kept.value')).out, '42\n')
  await until('the history has it', async () => (await second.weir('history', 'kept.>')).out.includes('42'))
  await second.end('SIGTERM')
})

test('a second weir up says what is in its way and how to go around it', async () => {
  const starting = RunningMesh.start(folder)
  await until('it has taken the folder', () => existsSync(join(folder, '.weir/holder')), 60_000)
  const otherPorts = { PATH: process.env.PATH, WEIR_PORT_BASE: String(await freePortBase()) }
  const tooEarly = await weir(folder, otherPorts, 'up')
  const running = await starting
  const sameFolder = await running.weir('up')
  for (const { code, err } of [tooEarly, sameFolder]) {
    assert.equal(code, 1)
    assert.match(err, /^weir: "weir up" runs in this folder already \(process \d+\)/)
  }

  const elsewhere = mkdtempSync(join(tmpdir(), 'weir-up-'))
  const env = { PATH: process.env.PATH, WEIR_PORT_BASE: String(running.portBase) }
  const samePorts = await weir(elsewhere, env, 'up')
  rmSync(elsewhere, { recursive: true })
  assert.equal(samePorts.code, 1)
  assert.match(samePorts.err, new RegExp(`Ports ${running.portBase} \\(hub\\), .* are taken by another program`))
  assert.match(samePorts.err, /WEIR_PORT_BASE=\d+ .*weir up/)
  await running.end('SIGTERM')
})

test('a cluster does not start on the data of a single server, and says what to do', async () => {
  const env = { PATH: process.env.PATH, WEIR_PORT_BASE: String(await freePortBase()) }
  const outcome = await weir(folder, env, 'up', '--cluster')
  assert.equal(outcome.code, 1)
  assert.match(outcome.err, /has the data of a single NATS server: start without --cluster, or in another folder/)
})

test('kill -9 of weir up leaves no process behind, and the next start goes well', async () => {
  const killed = await RunningMesh.start(folder)
  const pids = Object.values(killed.running.pids)
  await killed.end('SIGKILL')
  await until('all parts are gone', () => !pids.some(isRunning))
  const next = await RunningMesh.start(folder)
  assert.equal((await next.weir('get', 'latest', 'kept.value')).out, '42\n')
  await next.end('SIGTERM')
})

test('a shorter time to live is made by --force alone, and a bucket that nothing fills any more can be dropped', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'weir-up-'))
  const file = join(elsewhere, 'projections.yaml')
  const declare = (ttl: string): void =>
    writeFileSync(file, `projections: [{ name: rooms, kind: latest, from: 'rooms.>', ttl: ${ttl} }]\n`)
  const settings = { WEIR_PROJECTIONS: file }
  declare('1h')
  const first = await RunningMesh.start(elsewhere, settings)
  assert.equal((await first.weir('pub', 'rooms.r1', '1')).code, 0)
  await until('it is in the bucket', async () => (await first.weir('get', 'rooms', 'rooms.r1')).code === 0)
  const stored = Date.now()
  await first.end('SIGTERM')

  declare('1s')
  await until('the value is older than the shorter time', () => Date.now() - stored > 1500)
  const env = { PATH: process.env.PATH, WEIR_PORT_BASE: String(first.portBase), ...settings }
  const refused = await weir(elsewhere, env, 'up')
  assert.equal(refused.code, 1, refused.err)
  assert.match(refused.err, /This would lose data\..*"weir up --force" does it\.\n$/s)
  const forced = await RunningMesh.start(elsewhere, settings, ['--force'])
  await until('the old value is gone', async () => (await forced.weir('get', 'rooms', 'rooms.r1')).code === 5)
  const owned = await forced.weir('bucket', 'drop', 'rooms')
  assert.equal(owned.code, 1)
  assert.match(owned.err, /The projection rooms fills rooms/)
  assert.match((await forced.weir('doctor')).out, /buckets +all have a projection/)
  await forced.end('SIGTERM')

  writeFileSync(file, 'projections: [{ name: latest, kind: latest }]\n')
  const without = await RunningMesh.start(elsewhere, settings)
  assert.match((await without.weir('doctor')).out, /buckets +filled by no projection: rooms; "weir bucket drop rooms"/)
  assert.match((await without.weir('bucket', 'list')).out, /^rooms: \d+ entries, .* filled by no projection$/m)
  assert.deepEqual(await without.weir('bucket', 'drop', 'rooms'), { code: 0, out: 'rooms is dropped.\n', err: '' })
  assert.match((await without.weir('doctor')).out, /buckets +all have a projection/)
  assert.equal((await without.weir('bucket', 'drop', 'latest')).code, 1)
  await without.dispose()
})

test('a file of projections that cannot be used ends the start before it has begun', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'weir-up-'))
  writeFileSync(join(elsewhere, 'p.yaml'), 'projections:\n  - { name: x, kind: cache }\n')
  const env = {
    PATH: process.env.PATH,
    WEIR_PORT_BASE: String(await freePortBase()),
    WEIR_PROJECTIONS: join(elsewhere, 'p.yaml'),
  }
  const { code, out, err } = await weir(elsewhere, env, 'up')
  const isBegun = existsSync(join(elsewhere, '.weir'))
  const checked = await weir(elsewhere, { PATH: process.env.PATH }, 'projector', 'check', 'p.yaml')
  rmSync(elsewhere, { recursive: true })
  assert.deepEqual([code, out, isBegun], [2, '', false])
  assert.match(err, /p\.yaml:2:16: projections\[0\]\.kind: /)
  assert.deepEqual([checked.code, /p\.yaml:2:16: /.test(checked.err)], [2, true])
})

test('a part that cannot start ends the start, with the reason', async () => {
  const env = { PATH: process.env.PATH, WEIR_PORT_BASE: String(await freePortBase()), WEIR_LOG_LEVEL: 'loud' }
  const elsewhere = mkdtempSync(join(tmpdir(), 'weir-up-'))
  const outcome = await weir(elsewhere, env, 'up', '--json')
  rmSync(elsewhere, { recursive: true })
  assert.equal(outcome.code, 3)
  assert.match(outcome.err, /did not start: it ended with exit code \d+[\s\S]*WEIR_LOG_LEVEL must be one of/)
})
