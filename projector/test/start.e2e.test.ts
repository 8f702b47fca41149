import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProjectorProcess } from './projector-process.ts'

async function startFault(env: Readonly<Record<string, string>>): Promise<string> {
  const started = await ProjectorProcess.start(env).catch((thrown: Error) => thrown.message)
  if (typeof started === 'string') return started
  await started.stop()
  throw new Error('It started.')
}

test('a fault in what it is told ends the start with 78 and says all of it', async () => {
  const said = await startFault({ WEIR_PROJECTOR_PARTITION: '2/2', WEIR_DATABASE_READERS: 'many' })
  assert.match(said, /ended with 78/)
  assert.match(said, /WEIR_PROJECTOR_PARTITION must be auto, or i\/n/)
  assert.match(said, /WEIR_DATABASE_READERS must be an integer/)
})

test('a history without a database is a fault with its remedy', async () => {
  assert.match(await startFault({}), /DATABASE_URL is needed/)
})

test('faults of the file of projections are shown with line and column', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-projector-'))
  const file = join(folder, 'projections.yaml')
  try {
    await writeFile(file, 'projections:\n  - { name: a, kind: latest, ttl: never }\n')
    assert.match(await startFault({ WEIR_PROJECTIONS: file }), /projections\.yaml:2:\d+: projections\[0\]\.ttl/)
    assert.match(await startFault({ WEIR_PROJECTIONS: join(folder, 'none.yaml') }), /cannot be read/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
