import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { keySubject, streamState } from '@weir/mesh'
import type { ProjectionStatus } from '../src/routes/projection-status.ts'
import { assertLatest, assertMerged } from './equality.ts'
import type { ProjectorProcess } from './projector-process.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'
import { bucketEntries, storedEvents } from './stream-contents.ts'

const projections = `
projections:
  - { name: latest, kind: latest }
  - { name: climate, kind: merge, key: '{0}.{1}', ttl: 1h }
`

let service: ServiceUnderTest
let published = 0

before(async () => {
  service = await ServiceUnderTest.start({
    projections,
    buckets: [{ name: 'climate', ttlMs: 3_600_000, maxBytes: 100_000_000 }],
  })
  await service.authorize({ admin: true })
})

after(() => service?.stop())

async function publishSome(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 50) {
    await Promise.all(
      Array.from({ length: 50 }, () => {
        const n = published++
        return service.publish(`rooms.r${n % 60}.${n % 4}`, reading({ [`m${n % 3}`]: n }))
      }),
    )
  }
}

/** Waits a while for the replicas to catch up; whatever differs then differs for good. */
async function assertEqual(): Promise<void> {
  const events = await storedEvents(service.nc, 'main')
  for (let attempt = 0; ; attempt++) {
    try {
      await assertLatest(service.nc, 'latest', events)
      await assertMerged(service.nc, 'climate', events)
      return
    } catch (difference) {
      if (attempt === 100) throw difference
      await sleep(100)
    }
  }
}

test('two replicas on the same work end in the state that one would', async () => {
  const second = await service.another()
  await second.ready()
  await publishSome(1_000)
  await assertEqual()
  await second.kill()
  await publishSome(200)
  await assertEqual()
  await second.stop()
})

test('replicas that split the keys, and another number of them, lose nothing', async () => {
  await service.projector.stop()
  const halves = await Promise.all([0, 1].map((at) => service.another({ WEIR_PROJECTOR_PARTITION: `${at}/2` })))
  await Promise.all(halves.map((half) => half.ready()))
  await publishSome(500)
  await assertEqual()
  // One half dies with work undone; then there are three.
  await halves[1]?.kill()
  await publishSome(300)
  await halves[0]?.stop()
  const thirds = await Promise.all([0, 1, 2].map((at) => service.another({ WEIR_PROJECTOR_PARTITION: `${at}/3` })))
  await publishSome(300)
  await assertEqual()
  await Promise.all(thirds.map((third) => third.stop()))
  await service.begin()
  await publishSome(100)
  await assertEqual()
})

test('replicas that share the keys by themselves lose nothing, however many come and go', async () => {
  await service.projector.stop()
  const auto = { WEIR_PROJECTOR_PARTITION: 'auto' }
  const first = await service.another(auto)
  await first.ready()
  await publishSome(200)
  const others = await Promise.all([service.another(auto), service.another(auto)])
  await publishSome(200)
  const all = [first, ...others]
  await until(async () => sharesOf(all) === '0/3 1/3 2/3')
  await publishSome(200)
  await assertEqual()

  // One dies with work undone, and one leaves while events come.
  const [dying, leaving] = others
  await Promise.all([publishSome(200), dying?.kill()])
  await until(async () => sharesOf([first, ...others.slice(1)]) === '0/2 1/2')
  await assertEqual()
  await Promise.all([publishSome(300), leaving?.stop()])
  await until(async () => sharesOf([first]) === '0/1')
  await publishSome(100)
  await assertEqual()
  await first.stop()
  await service.begin()
})

/** On which share each works now, by what it logged last. */
function sharesOf(projectors: readonly ProjectorProcess[]): string {
  const shares = projectors.map(({ output }) => [...output.matchAll(/"share":"([^"]+)"/g)].at(-1)?.[1] ?? 'none')
  return shares.toSorted().join(' ')
}

test('a rebuild repairs what somebody spoiled and touches nothing else', async () => {
  await publishSome(50)
  await assertEqual()
  const before = await bucketEntries(service.nc, 'main', 'latest')
  const [spoiled = '', removed = ''] = [...before.keys()]
  const put = async (key: string, payload: string, headers = ''): Promise<void> => {
    const options = { headers: { encode: () => new TextEncoder().encode(`NATS/1.0\r\n${headers}\r\n`) } as never }
    await service.nc.request(keySubject('main', 'latest', key), payload, { timeout: 2_000, ...options })
  }
  await put(spoiled, 'nonsense', 'Weir-Seq: 999999999\r\nWeir-Epoch: 9007199254740000\r\n')
  await put(removed, '', 'KV-Operation: DEL\r\n')
  await put('stray.key', 'nobody published this')
  const { lastSeq } = await streamState(service.nc, 'KV_main_latest')

  assert.equal((await service.request('POST', '/v1/projections/none/rebuild')).status, 404)
  const accepted = await service.request<ProjectionStatus>('POST', '/v1/projections/latest/rebuild')
  assert.equal(accepted.status, 202)
  await until(async () => {
    const { body } = await service.get<ProjectionStatus>('/v1/projections/latest')
    return body.rebuilding === undefined
  })
  await assertEqual()
  // Two values were put and one key was removed; all others were right.
  assert.equal((await streamState(service.nc, 'KV_main_latest')).lastSeq, lastSeq + 3)
})

test('only an administrator may rebuild', async () => {
  await service.authorize({ admin: false })
  assert.equal((await service.request('POST', '/v1/projections/latest/rebuild')).status, 403)
  assert.equal((await service.get('/v1/dead-letters')).status, 403)
  await service.authorize({ admin: true })
})
