import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connect } from '@weir/client'
import { mintToken, natsRoles, renderNatsConfig } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { freePorts } from '../../cli/src/up/ports.ts'
import { canRunContainers, type Ended, ended, mountFile, runContainer } from './container.ts'
import { readContainerfile } from './containerfile.ts'
import { assembleImage, type Image } from './image.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}deploy/containers/`
const names = ['cli', 'hub', 'ingest', 'projector'] as const
type Name = (typeof names)[number]

/**
 * What our layers may take, with the runtime in them and without the base image: docs in
 * deploy/README.md.
 */
const mebibytesMax: Readonly<Record<Name, number>> = { cli: 160, hub: 155, ingest: 130, projector: 130 }

test('each file says who runs, on what, and how its health is asked', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.Containerfile'))
  assert.deepEqual(
    files,
    names.map((name) => `${name}.Containerfile`),
  )
  for (const name of names) {
    const last = readContainerfile(`${folder}${name}.Containerfile`).at(-1)
    const of = (instruction: string): string | undefined =>
      last?.instructions.find((each) => each.name === instruction)?.text
    assert.match(last?.image ?? '', /^gcr\.io\/distroless\/cc-debian12:nonroot/, 'a base without a shell')
    assert.equal(of('USER'), '65532:65532', 'a number, so that Kubernetes can see that it is not root')
    assert.match(of('ENTRYPOINT') ?? '', /^\["/, 'no shell stands between the signal and the service')
    assert.match(of('HEALTHCHECK') ?? '', name === 'cli' ? /^NONE$/ : /healthy\.ts/)
  }
})

test('a build brings every manifest that the lockfile knows', () => {
  const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    readonly workspaces: readonly string[]
  }
  for (const name of names) {
    for (const stage of readContainerfile(`${folder}${name}.Containerfile`)) {
      if (!stage.instructions.some(({ text }) => text.startsWith('bun install'))) continue
      const copied = stage.instructions.flatMap(({ text }) => /^(\S+)\/package\.json \1\/$/.exec(text)?.[1] ?? [])
      assert.deepEqual(copied.toSorted(), manifest.workspaces.toSorted(), `${name}, stage ${stage.name}`)
    }
  }
})

const hadolint = [`${root}.tools/linters/bin/hadolint`].find((path) => existsSync(path)) ?? onPath('hadolint')

test('hadolint finds no fault', {
  skip: hadolint === undefined && 'No hadolint here: deploy/test/bring-linters.sh.',
}, () => {
  const files = names.map((name) => `${folder}${name}.Containerfile`)
  const { stdout, status } = spawnSync(hadolint ?? '', files, { encoding: 'utf8' })
  assert.deepEqual({ stdout, status }, { stdout: '', status: 0 })
})

test('pin.sh puts the digest that the registry names behind every tag, and renews it', () => {
  const work = mkdtempSync(join(tmpdir(), 'weir-pin-'))
  try {
    cpSync(folder, join(work, 'containers'), { recursive: true })
    const docker = (digit: string): void => {
      const text = `#!/bin/sh\necho sha256:${digit.repeat(64)}\n`
      writeFileSync(join(work, 'docker'), text, { mode: 0o755 })
      const env = { ...process.env, PATH: `${work}:${process.env.PATH}` }
      const { status, stderr } = spawnSync(join(work, 'containers/pin.sh'), { env, encoding: 'utf8' })
      assert.equal(status, 0, stderr)
    }
    docker('a')
    docker('b')
    for (const name of names) {
      for (const { image } of readContainerfile(join(work, `containers/${name}.Containerfile`))) {
        assert.match(image, /^[^@]+:[^@]+@sha256:b{64}$/)
      }
    }
  } finally {
    rmSync(work, { recursive: true })
  }
})

test('one build makes every image for both platforms', () => {
  const bake = readFileSync(`${folder}bake.hcl`, 'utf8')
  const images = JSON.parse(/matrix = \{ image = (\[.*\]) \}/.exec(bake)?.[1] ?? '[]') as string[]
  assert.deepEqual(images, [...names])
  assert.match(bake, /"linux\/amd64,linux\/arm64"/)
  // What bake gives to a build is what the file takes.
  for (const [, name] of bake.matchAll(/^ {2}args = .*\{ (\w+) = /gm)) {
    assert.ok(readFileSync(`${folder}hub.Containerfile`, 'utf8').includes(`ARG ${name}\n`))
  }
})

test('for arm64 the hub takes the file of the authors of uWebSockets.js, and none of another hash', async () => {
  const work = mkdtempSync(join(tmpdir(), 'weir-uws-'))
  const bytes = 'the binary for arm64'
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(bytes)
  }).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    mkdirSync(join(work, 'node_modules/uWebSockets.js'), { recursive: true })
    cpSync(`${root}node_modules/uWebSockets.js/uws.js`, join(work, 'node_modules/uWebSockets.js/uws.js'))
    const UWS_URL = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const build = async (arch: string, hash: string): Promise<Ended> => {
      const env = { ...process.env, UWS_URL, UWS_ARM64_SHA256: hash }
      return await ended(spawn(process.execPath, [`${folder}uws-binary.ts`, arch], { cwd: work, env }))
    }
    const binary = join(work, 'node_modules/@uwsjs/linux-arm64-22/uws.node')
    const hash = createHash('sha256').update(bytes).digest('hex')
    const without = await build('arm64', '')
    assert.equal(without.code, 1)
    assert.ok(without.output.includes(`has the SHA-256 ${hash}, and UWS_ARM64_SHA256 says nothing`), without.output)
    assert.equal((await build('arm64', 'f'.repeat(64))).code, 1)
    assert.ok(!existsSync(binary))
    assert.equal((await build('riscv64', hash)).code, 1)
    assert.equal((await build('amd64', '')).code, 0)
    assert.equal((await build('arm64', hash)).code, 0)
    assert.equal(readFileSync(binary, 'utf8'), bytes)
    // The package that is loaded on arm64 asks for this one.
    const loader = readFileSync(`${root}node_modules/uWebSockets.js/uws_linux_arm64_127.node.js`, 'utf8')
    assert.match(loader, /require\('@uwsjs\/linux-arm64-22'\)/)
    assert.match(asked[0] ?? '', /^\/v20\.51\.0\/uws_linux_arm64_127\.node$/)
  } finally {
    server.close()
    rmSync(work, { recursive: true })
  }
})

const reason = canRunContainers() ? false : 'Needs root on Linux, to mount an image read-only.'

describe('as a container would run it', { skip: reason, timeout: 290_000 }, () => {
  const jwtSecret = 'containers-'.repeat(4)
  const passwords = Object.fromEntries(natsRoles.map((role) => [role, `pw-${role}`])) as Record<
    (typeof natsRoles)[number],
    string
  >
  const images = new Map<Name, Image>()
  const running: ChildProcess[] = []
  let nats: TestNats
  let ports: readonly number[]

  const image = (name: Name): Image => {
    const found = images.get(name) ?? assembleImage(name)
    images.set(name, found)
    return found
  }
  const natsUrl = (role: string): string => `nats://${role}:pw-${role}@127.0.0.1:${nats.port}`

  before(async () => {
    nats = await startNats({ config: (place) => renderNatsConfig({ ...place, passwords }) })
    ports = await freePorts(6)
  })

  after(async () => {
    for (const child of running) child.kill('SIGKILL')
    await nats.stop()
    for (const each of images.values()) each.remove()
  })

  test('the images are small, and as large as README.md says', () => {
    const readme = readFileSync(`${root}deploy/README.md`, 'utf8')
    for (const name of names) {
      const mebibytes = image(name).bytes / 1024 ** 2
      assert.ok(mebibytes < mebibytesMax[name], `${name} has ${mebibytes.toFixed(1)} MiB`)
      const told = new RegExp(`weir-${name} \\| [^|]+ \\| (\\d+) /`).exec(readme)?.[1]
      assert.ok(Math.abs(Number(told) - mebibytes) < 6, `${name} has ${mebibytes.toFixed(1)} MiB, and not ${told}`)
    }
  })

  test('nothing of an image can be written, and its user is nobody', async () => {
    const write = `import { writeFileSync } from 'node:fs'
      console.log(process.getuid(), process.getgid())
      for (const path of ['/weir/x', '/tmp/x', '/x']) try { writeFileSync(path, ''); console.log('wrote', path) } catch (e) { console.log(e.code) }`
    const { output } = await ended(runContainer(image('ingest'), { command: ['bun', '-e', write] }))
    assert.equal(output, '65532 65532\nEROFS\nEROFS\nEROFS\n')
  })

  test('the command makes the streams', async () => {
    const { code, output } = await ended(
      runContainer(image('cli'), {
        args: ['tenant', 'create', 'main', '--max-gib=2', '--max-hours=12', '--replicas=1'],
        env: { WEIR_NATS_URL: natsUrl('admin') },
      }),
    )
    assert.equal(code, 0, output)
    assert.match(output, /KV_mesh created[\s\S]*EV_main created/)
  })

  test('a command that lacks what it needs says so', async () => {
    const { code, output } = await ended(runContainer(image('ingest')))
    assert.equal(code, 1)
    assert.match(output, /WEIR_JWT_SECRET/)
  })

  test('an event goes through all services, each healthy by its own check, and each ends when it is told to', async () => {
    const [hubPort, hubAdmin, ingestPort, ingestAdmin, projectorPort, projectorAdmin] = ports
    mountFile(image('projector'), '/etc/weir/projections.yaml', 'projections:\n  - { name: latest, kind: latest }\n')
    const env = (role: string): Record<string, string> => ({
      WEIR_HOST: '127.0.0.1',
      WEIR_JWT_SECRET: jwtSecret,
      WEIR_NATS_URL: natsUrl(role),
    })
    const services = {
      hub: { port: hubAdmin, env: { WEIR_HUB_PORT: `${hubPort}`, WEIR_HUB_ADMIN_PORT: `${hubAdmin}` } },
      ingest: {
        port: ingestAdmin,
        env: { WEIR_INGEST_PORT: `${ingestPort}`, WEIR_INGEST_ADMIN_PORT: `${ingestAdmin}` },
      },
      projector: {
        port: projectorAdmin,
        env: {
          WEIR_PROJECTOR_PORT: `${projectorPort}`,
          WEIR_PROJECTOR_ADMIN_PORT: `${projectorAdmin}`,
          WEIR_PROJECTIONS: '/etc/weir/projections.yaml',
        },
      },
    } as const
    const ends = new Map<string, { child: ChildProcess; end: Promise<Ended> }>()
    for (const [name, service] of Object.entries(services)) {
      const child = runContainer(image(name as Name), { env: { ...env(name), ...service.env } })
      running.push(child)
      ends.set(name, { child, end: ended(child) })
    }
    for (const [name, { port }] of Object.entries(services)) {
      const [program = '', script = ''] = image(name as Name).healthcheck
      const check = (): Promise<Ended> =>
        ended(runContainer(image(name as Name), { command: [program, script, `${port}`] }))
      const deadline = Date.now() + 60_000
      for (let code: number | null = 1; code !== 0; ) {
        if (Date.now() > deadline) assert.fail(`${name} did not become healthy`)
        code = (await check()).code
        if (code !== 0) await sleep(200)
      }
    }

    const token = await mintToken(jwtSecret, {
      tenant: 'main',
      subject: 'containers',
      publish: ['>'],
      subscribe: ['>'],
      ttlSeconds: 600,
    })
    const weir = connect({ url: `ws://127.0.0.1:${hubPort}`, getToken: () => token })
    const heard = (async () => {
      for await (const item of weir.subscribe({ filter: 'rooms.>', mode: 'LATEST' }))
        if (item.type === 'entry') return item.subject
      return undefined
    })()
    const answer = await fetch(`http://127.0.0.1:${ingestPort}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ subject: 'rooms.r1.climate', reading: { metrics: { celsius: 21.5 } } }),
    })
    assert.equal(answer.status, 200, await answer.text())
    assert.equal(await heard, 'rooms.r1.climate')
    weir.close()
    const page = await fetch(`http://127.0.0.1:${projectorPort}/`)
    assert.match(await page.text(), /<script type="module"/, 'the page is in the image')

    for (const [name, { child, end }] of ends) {
      child.kill('SIGTERM')
      const { code, output } = await end
      assert.equal(code, 0, `${name} ended with ${code}: ${output}`)
    }
  })
})

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((each) => join(each, name)).find((path) => existsSync(path))
}
