import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../config/limits.ts'
import { renderNatsConfig, renderNatsUsers } from './nats-config.ts'

const passwords = { admin: 'a', ingest: 'i', hub: 'h', projector: 'p' }
const place = { host: '127.0.0.1', port: 4222, storeDir: '/data', passwords }

test('a server syncs each message only where that is asked for', () => {
  assert.match(renderNatsConfig(place), /^jetstream \{ store_dir: "\/data" \}$/m)
  assert.match(renderNatsConfig({ ...place, syncAlways: true }), /^jetstream .*sync_interval: always \}$/m)
})

test('a server of a cluster knows its name and the routes to all', () => {
  const cluster = { serverName: 'nats-2', routePort: 2, routePorts: [1, 2] }
  const text = renderNatsConfig({ ...place, cluster })
  assert.match(text, /^server_name: "nats-2"$/m)
  assert.match(
    text,
    /listen: "127\.0\.0\.1:2", routes: \["nats-route:\/\/127\.0\.0\.1:1", "nats-route:\/\/127\.0\.0\.1:2"\]/,
  )
})

test('a server waits longer for a login than a service for its connection', () => {
  const [, seconds] = /^authorization \{ timeout: (\d+), users/m.exec(renderNatsConfig(place)) ?? []
  assert.ok(Number(seconds) * 1000 > limits.natsConnectMs, seconds)
})

test('a password may be a variable', () => {
  assert.match(
    renderNatsUsers((role) => `$PASSWORD_${role}`),
    /user: "hub", password: \$PASSWORD_hub,/,
  )
})
