import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type SmallDisk, startSmallDisk } from '@weir/mesh/testing'
import type { StatePage } from './api-shapes.ts'
import { assertLatest } from './equality.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'
import { storedEvents } from './stream-contents.ts'

let disk: SmallDisk | undefined
let service: ServiceUnderTest | undefined

before(async () => {
  disk = await startSmallDisk(16)
})

after(async () => {
  await service?.stop()
  await disk?.remove()
})

test('a full disk is shown by health and log, and with room again the state is that of the events', async (context) => {
  if (disk === undefined) return context.skip('this system gives users no file system of their own')
  const started = await ServiceUnderTest.start({
    projections: 'projections: [{ name: latest, kind: latest }]',
    storeDir: disk.folder,
  })
  service = started
  // Events for which there is room, but not for their values as well.
  await started.projector.stop()
  const source = 'x'.repeat(20_000)
  for (let room = 0; room < 280; room++) await started.publish(`rooms.r${room}`, { ...reading({ n: room }), source })
  started.projector = await started.another()
  const parts = await until(async () => {
    const { ready, parts } = await started.projector.health()
    return !ready && started.projector.output.includes('will try again') && parts
  })
  assert.match(parts['projection main/latest']?.detail ?? '', /waiting/)

  await disk.makeRoom()
  await started.nats.kill()
  await started.nats.restart()
  await started.projector.ready()
  // The connection of this test comes back by itself, perhaps after that of the projector.
  const events = await until(() => storedEvents(started.nc, 'main').catch(() => undefined))
  assert.equal(events.length, 280)
  await until(async () => (await started.get<StatePage>('/v1/state/latest?limit=1000')).body.items?.length === 280)
  await started.projector.stop()
  await assertLatest(started.nc, 'latest', events)
})
