import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { hubSettings } from '../../hub/src/settings.ts'
import { ingestSettings } from '../../ingest/src/settings.ts'
import { projectorSettings } from '../../projector/src/settings.ts'

const deploy = fileURLToPath(new URL('../', import.meta.url))
const text = readFileSync(`${deploy}compose.yaml`, 'utf8')

interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly read_only?: boolean
}

const { services } = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, Service>> }

test('what compose builds, mounts and waits for is there', () => {
  for (const [name, { image, build, volumes = [], depends_on = {} }] of Object.entries(services)) {
    if (build === undefined) assert.match(image, /:v?\d+\.\d+/, `${name} has a fixed version`)
    else assert.ok(existsSync(join(deploy, build.context, build.dockerfile)), name)
    for (const volume of volumes) {
      const source = volume.split(':')[0] ?? ''
      if (source.startsWith('.')) assert.ok(existsSync(join(deploy, source)), `${name}: ${source}`)
    }
    for (const other of Object.keys(depends_on)) assert.ok(other in services, `${name} waits for ${other}`)
  }
})

test('the services know every setting, and their root is read-only', () => {
  const settings = { ingest: ingestSettings, hub: hubSettings, projector: projectorSettings }
  for (const [name, declaration] of Object.entries(settings)) {
    const known = new Set(Object.values(declaration).map(({ env }) => env))
    const service = services[name]
    for (const key of Object.keys(service?.environment ?? {})) assert.ok(known.has(key), `${name}: ${key}`)
    assert.equal(service?.read_only, true)
  }
})

test('make-env.sh makes every secret that compose asks for, once', () => {
  const work = mkdtempSync(join(tmpdir(), 'weir-env-'))
  try {
    cpSync(`${deploy}make-env.sh`, join(work, 'make-env.sh'))
    const run = () => spawnSync(join(work, 'make-env.sh'), { encoding: 'utf8' })
    assert.equal(run().status, 0)
    const env = new Map(
      readFileSync(join(work, '.env'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    )
    for (const [, name = ''] of text.matchAll(/\$\{(\w+):\?/g)) {
      assert.match(env.get(name) ?? '', /^p[0-9a-f]{32}/, name)
    }
    assert.equal(new Set(env.values()).size, env.size)
    assert.match(run().stderr, /is there already/)
  } finally {
    rmSync(work, { recursive: true })
  }
})
