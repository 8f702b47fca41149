import { test } from 'node:test'
import { liveThrough } from './unsteady-world.ts'

test('of events that are spread over three streams, too, each is sent, counted or announced, and the newest held', (t) =>
  liveThrough(t, { tenant: 'wide', shards: 3 }))
