import { test } from 'node:test'
import { liveThrough } from './unsteady-world.ts'

test('whatever happens, each subscriber is sent, counted or announced what matches, and holds the newest in the end', (t) =>
  liveThrough(t, { tenant: 'main', shards: 1 }))
