import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freePortBase, portsOf, takenPorts } from './ports.ts'

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
