import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Verifier } from '@weir/mesh'
import { addressesOf } from '../up/addresses.ts'
import { portsOf } from '../up/ports.ts'
import { StateFolder } from '../up/state-folder.ts'
import { findAccess } from './access.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-access-'))
const before = process.cwd()
after(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true })
})

test('what is said goes before the environment, and a service before the mesh', () => {
  const env = { WEIR_URL: 'https://mesh.example/', WEIR_HUB_URL: 'wss://hub.example', WEIR_TOKEN: 'env' }
  const access = findAccess({}, env)
  assert.equal(access.address('ingest'), 'https://mesh.example')
  assert.equal(access.address('hub'), 'https://hub.example')
  assert.equal(findAccess({ url: 'http://other:1' }, env).address('hub'), 'http://other:1')
  assert.throws(() => findAccess({ url: 'other' }, env).address('hub'), /"other" is not an address/)
})

test('the token is the one that is given', async () => {
  assert.equal(await findAccess({ token: 'mine' }, { WEIR_TOKEN: 'env' }).token(), 'mine')
  assert.equal(await findAccess({}, { WEIR_TOKEN: 'env' }).token(), 'env')
})

test('without an address or a token, the error says what to give', async () => {
  process.chdir(folder)
  assert.throws(() => findAccess({}, {}).address('hub'), { code: 'unavailable', message: /WEIR_URL/ })
  await assert.rejects(async () => findAccess({}, {}).token(), { code: 'unauthenticated', message: /WEIR_TOKEN/ })
})

test('a damaged file of "weir up" is named, with what to do', () => {
  const state = new StateFolder(join(folder, 'damaged'))
  writeFileSync(state.at('secrets.json'), '{"jwtSecret": ')
  assert.throws(() => state.readSecrets(), {
    code: 'invalid',
    message: /\.weir\/secrets\.json is damaged: .* remove it/,
  })
})

test('a running "weir up" is found from a folder below, with a token that its services accept', async () => {
  const state = new StateFolder(folder)
  const secrets = state.secrets()
  assert.deepEqual(state.secrets(), secrets)
  const addresses = addressesOf(portsOf({ WEIR_PORT_BASE: '20000' }), secrets, undefined)
  const up = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'main.ts', 'up'])
  await once(up, 'spawn')
  state.writeRunning({ pid: up.pid ?? 0, pids: {}, addresses, token: '' })
  process.chdir(join(state.at('logs', 'x'), '..'))
  const access = findAccess({}, {})
  assert.equal(access.address('hub'), 'http://127.0.0.1:20000')
  const verifier = new Verifier({
    jwtSecret: secrets.jwtSecret,
    jwtIssuer: 'weir',
    jwtAudience: 'weir',
    jwksUrl: undefined,
  })
  assert.equal((await verifier.verify(await access.token())).tenant, 'main')

  const ended = once(up, 'exit')
  up.kill()
  await ended
  assert.throws(() => findAccess({}, {}).address('hub'), { code: 'unavailable' })
  if (process.platform === 'linux') {
    // Its number is another program's now.
    state.writeRunning({ pid: process.pid, pids: {}, addresses, token: '' })
    assert.throws(() => findAccess({}, {}).address('hub'), { code: 'unavailable' })
  }
})
