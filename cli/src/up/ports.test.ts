import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freePortBase, freePorts, isFreePort, isListening, portsOf, takenPorts } from './ports.ts'

test('WEIR_PORT_BASE moves all ports together, and none of them twice to one place', () => {
  const ports = Object.values(portsOf({ WEIR_PORT_BASE: '20000' }))
  assert.ok(ports.every((port) => port >= 20_000 && port < 20_010))
  assert.equal(new Set(ports).size, ports.length)
  assert.equal(portsOf({ WEIR_PORT_BASE: '20000', WEIR_HUB_PORT: '30000' }).hub, 30_000)
  assert.equal(portsOf({}).hub, 8080)
  assert.throws(() => portsOf({ WEIR_PORT_BASE: 'many' }), /WEIR_PORT_BASE must be an integer/)
})

test('a port on which a program listens is taken', async () => {
  const base = await freePortBase()
  assert.ok(base !== undefined)
  const ports = portsOf({ WEIR_PORT_BASE: String(base) })
  assert.deepEqual(await takenPorts(ports), [])
  const server = createServer().listen(ports.ingest, '127.0.0.1')
  await once(server, 'listening')
  assert.deepEqual(await takenPorts(ports), [{ part: 'ingest', port: ports.ingest, env: 'WEIR_INGEST_PORT' }])
  server.close()
})

test('ports that are taken at random are free ones, and each another', async () => {
  const ports = await freePorts(5)
  assert.equal(new Set(ports).size, 5)
  for (const port of ports) assert.equal(await isListening(port), false)
})

test('a connection that the system joined with itself is no program that listens', async () => {
  // Linux gives outgoing connections the even ones of its ports while there are any.
  let port = 40_000
  while (!(await isFreePort(port))) port += 2
  // Each try is made from another port, until one is made from this very port.
  for (let tries = 0; tries < 30_000; tries += 100) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => isListening(port)))
    assert.ok(!answers.includes(true), `after ${tries} tries`)
  }
})
