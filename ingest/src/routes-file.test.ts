import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger, Health, Verifier } from '@weir/mesh'
import { FakeStream, tokenFor } from '../test/fake-stream.ts'
import { secret } from '../test/secret.ts'
import { nodeUnpackers } from './body/unpack-node.ts'
import { createIngestApp } from './create-ingest.ts'
import { RoutesFile } from './routes-file.ts'

test('a file of webhooks that changes is taken over; one that is wrong changes nothing, and is told', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-routes-'))
  const path = join(folder, 'routes.yaml')
  await writeFile(path, 'routes: [{ path: /old, subject: old }]')
  const routesFile = await RoutesFile.read(path)
  const log = createLogger('ingest', 'silent')
  const health = new Health()
  const ingest = createIngestApp({
    verifier: new Verifier({ jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' }),
    publisher: new FakeStream(),
    log,
    unpackers: nodeUnpackers,
    routes: routesFile.routes,
  })
  const headers = { authorization: `Bearer ${await tokenFor(['>'])}`, 'content-type': 'application/json' }
  const post = async (to: string): Promise<number> => {
    const request = new Request(`http://ingest${to}`, { method: 'POST', body: '{}', headers })
    return (await ingest.fetch(request)).status
  }
  const reload = routesFile.reloadInto(ingest, { health, log })
  t.after(async () => {
    await reload.stop()
    await rm(folder, { recursive: true })
  })
  reload.start()
  assert.deepEqual([await post('/old'), await post('/new')], [200, 404])

  await writeFile(path, 'routes: [{ path: nowhere, subject: "a b" }]')
  while (reload.fault === undefined) await sleep(20)
  assert.match(reload.fault, /path/)
  assert.match(JSON.stringify(health.report()), /what runs is older than the file/)
  assert.equal(health.report().ready, true)
  assert.deepEqual([await post('/old'), await post('/new')], [200, 404])

  await writeFile(path, 'routes: [{ path: /new, subject: new }]')
  while (reload.reloads === 0) await sleep(20)
  assert.equal(reload.fault, undefined)
  assert.deepEqual([await post('/old'), await post('/new')], [404, 200])
  const described = await (await ingest.fetch(new Request('http://ingest/openapi.json'))).json()
  const { paths } = described as { paths: Record<string, unknown> }
  assert.deepEqual(['/old' in paths, '/new' in paths], [false, true])
})

test('a file that is not there is said by its path', async () => {
  await assert.rejects(RoutesFile.read('/nowhere/routes.yaml'), { code: 'invalid', message: /\/nowhere\/routes\.yaml/ })
})
