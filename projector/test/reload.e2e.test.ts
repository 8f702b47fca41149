import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AlertPage } from '../src/kinds/alert/alerts.ts'
import type { ProjectionStatus } from '../src/routes/projection-status.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

const first = `projections:
  - { name: latest, kind: latest }
  - { name: hot, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius > 30', message: '{1} is hot' }
  - { name: cold, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius < 0' }
`

const second = `projections:
  - { name: latest, kind: latest }
  - { name: warm, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius > 25' }
  - { name: cold, kind: alert, from: 'rooms.>', key: '{1}', when: 'metrics.celsius < 10' }
`

let service: ServiceUnderTest

before(async () => {
  service = await ServiceUnderTest.start({ projections: first })
  await service.authorize({ admin: true })
})

after(() => service?.stop())

async function ids(query = ''): Promise<string[]> {
  return (await service.get<AlertPage>(`/v1/alerts${query}`)).body.items.map(({ id }) => id).sort()
}

async function names(): Promise<string[]> {
  const { body } = await service.get<{ items: ProjectionStatus[] }>('/v1/projections')
  return body.items.map(({ name }) => name)
}

async function page(path: string): Promise<string> {
  return await (await fetch(`${service.projector.adminUrl}${path}`)).text()
}

async function taken(projection: string): Promise<number> {
  const pattern = new RegExp(`weir_projector_events_total\\{[^}]*projection="${projection}"[^}]*\\} (\\d+)`)
  return Number(pattern.exec(await page('/metrics'))?.[1])
}

test('a wrong file changes nothing, and readiness, a metric and the log say where it is wrong', async () => {
  await service.publish('rooms.r1.a', reading({ celsius: 40 }))
  await until(async () => (await ids()).includes('hot.r1'))
  await service.declare(`${first}  - { name: broken, kind: alert, when: 'metrics.celsius >' }\n`)
  await until(async () => (await page('/readyz')).includes('projections.yaml:5:'))
  assert.equal((await fetch(`${service.projector.adminUrl}/readyz`)).status, 200)
  assert.match(await page('/metrics'), /weir_projector_reload_fault\{file="projections"[^}]*\} 1/)
  assert.match(service.projector.output, /cannot be used; what runs goes on/)
  assert.deepEqual(await names(), ['latest', 'hot', 'cold', 'alerts', 'silences'])
  await service.publish('rooms.r2.a', reading({ celsius: 40 }))
  await until(async () => (await ids()).includes('hot.r2'))
})

test('a file that is right again takes over: what is declared as before goes on untouched', async () => {
  const before = await taken('latest')
  assert.ok(before > 0)
  await service.declare(second)
  await until(async () => (await names()).includes('warm'))
  assert.deepEqual(await names(), ['latest', 'warm', 'cold', 'alerts', 'silences'])
  await until(async () => !(await page('/readyz')).includes('projections.yaml'))
  await service.publish('rooms.r3.a', reading({ celsius: 27 }))
  await service.publish('rooms.r4.a', reading({ celsius: 5 }))
  await until(async () => {
    const open = await ids()
    return open.includes('warm.r3') && open.includes('cold.r4')
  })
  // What fires for a rule that is gone is resolved.
  await until(async () => (await ids('?status=RESOLVED')).join() === 'hot.r1,hot.r2')
  assert.ok((await taken('latest')) >= before + 2)
  const metrics = await page('/metrics')
  assert.match(metrics, /weir_projector_reload_fault\{file="projections"[^}]*\} 0/)
  assert.match(metrics, /weir_projector_reloads_total\{file="projections"[^}]*\} 1/)
  assert.doesNotMatch(metrics, /projection="hot"/)
})
