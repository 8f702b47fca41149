import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Declaration, natsBinary, natsRoles, parseConfig, type Setting } from '@weir/mesh'
import { parse } from 'yaml'
import { exitCodes } from '../../cli/src/text/exit-code.ts'
import { hubSettings } from '../../hub/src/settings.ts'
import { ingestSettings } from '../../ingest/src/settings.ts'
import { projectorSettings } from '../../projector/src/settings.ts'
import { chart, rendered } from './chart.ts'
import { KubeApi, kubernetesProgram, type Manifest, withoutPrograms } from './kube-api.ts'

const crds = fileURLToPath(new URL('../../.tools/kubernetes/crds/', import.meta.url))
const helm = kubernetesProgram('helm')
const root = fileURLToPath(new URL('../../', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'weir-helm-'))
after(() => rmSync(work, { recursive: true }))

const schema = JSON.parse(readFileSync(`${chart}values.schema.json`, 'utf8')) as {
  readonly examples: readonly object[]
}
/** The combinations of values that the schema names. */
const combinations = schema.examples.map((values, index) => {
  const file = join(work, `${index}.json`)
  writeFileSync(file, JSON.stringify(values))
  return { title: `combination ${index}`, file, namespace: `weir-${index}` }
})

test('every value has a place in the schema, and every place a value', () => {
  const values = parse(readFileSync(`${chart}values.yaml`, 'utf8')) as object
  const { properties } = schema as unknown as { readonly properties: object }
  assert.deepEqual(Object.keys(values).toSorted(), Object.keys(properties).toSorted())
})

test('every value that a document names is one', () => {
  const places = schema as unknown as SchemaPlace
  const roots = Object.keys(places.properties ?? {})
  const named: string[] = []
  const unknown: string[] = []
  for (const path of [...globSync('docs/*.md', { cwd: root }), 'deploy/README.md', 'deploy/RUNBOOK.md']) {
    for (const [, text = ''] of readFileSync(root + path, 'utf8').matchAll(/`([a-z]\w*(?:\.\w+)+)[^`\n]*`/gi)) {
      const [first = '', ...rest] = text.split('.')
      if (!roots.includes(first) || /^(?:ts|yaml|conf|cfg|js)$/.test(rest.at(-1) ?? '')) continue
      named.push(text)
      if (!isPlace(places, text.split('.'))) unknown.push(`${path}: ${text}`)
    }
  }
  assert.ok(named.length > 10, named.join())
  assert.deepEqual(unknown, [])
})

describe('the chart', {
  skip: helm === undefined && 'No helm here: deploy/test/bring-kubernetes.sh builds it by Go.',
}, () => {
  for (const { title, file } of combinations) {
    test(`${title} is linted without a word`, () => {
      const args = ['lint', chart, '--strict', '--quiet', '--kube-version', '1.31.4', '-f', file]
      assert.equal(execFileSync(helm ?? '', args, { encoding: 'utf8' }).trim(), '')
    })
  }

  test('the values that README.md shows are taken, and so is what it sets for one node', () => {
    const text = readFileSync(`${root}deploy/README.md`, 'utf8')
    const blocks = [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', block = '']) =>
      block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    )
    const set = /--set (nats\.replicas=\S+?)`/.exec(text)?.[1] ?? ''
    assert.ok(blocks.length >= 2 && set !== '')
    for (const [at, block] of blocks.entries()) {
      const file = join(work, `readme-${at}.yaml`)
      writeFileSync(file, block)
      for (const more of [[], ['--set', set]]) {
        const args = ['lint', chart, '--strict', '--quiet', '--kube-version', '1.31.4', '-f', file, ...more]
        assert.equal(execFileSync(helm ?? '', args, { encoding: 'utf8' }).trim(), '')
      }
    }
  })

  test('a value that is not known, or wrong, is refused', () => {
    for (const wrong of [
      'hub.replica=3',
      'hub.replicas=1',
      'nats.replicas=2',
      'durability=best',
      'tenants.Main.maxGib=1',
      'tenants.main.shards=17',
      'traces.share=2',
      'projector.autoscaling.kind=hpa',
    ]) {
      const { status, stderr } = spawnSync(
        helm ?? '',
        ['template', 'weir', chart, '--kube-version', '1.31.4', '--set', wrong],
        {
          encoding: 'utf8',
        },
      )
      assert.equal(status, 1, wrong)
      assert.match(stderr, /don't meet the specifications of the schema/, wrong)
    }
  })

  test('the Job makes each tenant with its shards, and ends at once with what another try does not change', () => {
    const jobs = combinations.map(({ file }) => rendered(file).find(({ kind }) => kind === 'Job'))
    const specs = jobs.map((job) => job?.spec as ProvisionSpec)
    const args = specs.flatMap(({ template }) => template.spec.initContainers.map((each) => each.args.join(' ')))
    assert.ok(args.some((each) => /^tenant create acme .*--shards=4 /.test(each)))
    assert.ok(args.every((each) => !each.startsWith('tenant create main') || !each.includes('--shards')))
    for (const { podFailurePolicy } of specs) {
      const { values = [] } = podFailurePolicy.rules.find(({ action }) => action === 'FailJob')?.onExitCodes ?? {}
      assert.deepEqual(values, [exitCodes.failed, exitCodes.usage])
    }
  })

  test('external NATS without servers is refused with what to do', () => {
    const args = ['template', 'weir', chart, '--kube-version', '1.31.4', '--set', 'nats.enabled=false']
    assert.match(
      spawnSync(helm ?? '', args, { encoding: 'utf8' }).stderr,
      /externalNats.servers: name the servers of NATS/,
    )
  })

  test('nats-server takes the configuration of the chart', () => {
    const env = Object.fromEntries(natsRoles.map((role) => [`WEIR_NATS_PASSWORD_${role.toUpperCase()}`, 'p']))
    for (const { file, title } of combinations) {
      const map = rendered(file).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'weir-nats')
      if (map === undefined) continue
      const { data } = map as unknown as { readonly data: Readonly<Record<string, string>> }
      // No certificates are here to be read.
      if (data['nats.conf']?.includes('nats-tls')) continue
      const folder = mkdtempSync(join(work, 'nats-'))
      for (const [name, text] of Object.entries(data)) writeFileSync(join(folder, name), text)
      const args = ['-t', '-c', join(folder, 'nats.conf')]
      const { status, stderr } = spawnSync(natsBinary(), args, {
        env: { ...env, POD_NAME: 'weir-nats-0' },
        encoding: 'utf8',
      })
      assert.equal(status, 0, `${title}: ${stderr}`)
    }
  })

  test('each service takes the environment that the chart gives it', () => {
    const settings = { ingest: ingestSettings, hub: hubSettings, projector: projectorSettings }
    for (const { file, title } of combinations) {
      for (const [name, declaration] of Object.entries(settings)) {
        const env = environmentOf(file, name)
        assert.doesNotThrow(() => parseConfig<Declaration>(declaration, env), `${title}, ${name}`)
        const known = new Set(Object.values<Setting<unknown>>(declaration).map((each) => each.env))
        const unknown = Object.keys(env).filter((each) => !known.has(each) && !helpers.has(each))
        assert.deepEqual(unknown, [], `${title}, ${name}`)
      }
    }
  })

  test('a rolling update takes no hub away before another is ready, and gives it time to drain', () => {
    for (const { file } of combinations) {
      const hub = rendered(file).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'weir-hub')
      const spec = hub?.spec as {
        strategy: { rollingUpdate: object }
        template: {
          spec: { terminationGracePeriodSeconds: number; containers: { env: { name: string; value: string }[] }[] }
        }
      }
      assert.deepEqual(spec.strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 })
      const drain = spec.template.spec.containers[0]?.env.find(({ name }) => name === 'WEIR_DRAIN_SECONDS')?.value
      assert.ok(spec.template.spec.terminationGracePeriodSeconds > Number(drain) + 5)
    }
  })
})

describe('a kube-apiserver', { skip: withoutPrograms('helm', 'etcd', 'kube-apiserver'), timeout: 290_000 }, () => {
  let api: KubeApi

  before(async () => {
    api = await KubeApi.start()
    for (const name of readdirSync(crds)) {
      const crd = parse(readFileSync(crds + name, 'utf8')) as Manifest
      assert.equal(
        (await api.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd)).status,
        201,
        name,
      )
    }
    for (const { namespace } of combinations) await api.addNamespace(namespace)
    // Definitions are served a moment after they are made.
    const crdGroups = [
      'gateway.networking.k8s.io/v1',
      'keda.sh/v1alpha1',
      'monitoring.coreos.com/v1',
      'external-secrets.io/v1',
    ]
    for (const group of crdGroups) {
      for (let i = 0; (await api.ask('GET', `/apis/${group}`)).status !== 200; i++) {
        assert.ok(i < 300, `${group} is not served`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  })

  after(() => api?.stop())

  test('refuses a misspelt field, or these tests would say nothing', async () => {
    const [first] = rendered(combinations[0]?.file ?? '').filter(({ kind }) => kind === 'Deployment')
    const answer = await api.apply(
      { ...first, spec: { ...(first?.spec as object), replica: 1 } } as Manifest,
      'default',
    )
    assert.equal(answer.status, 500)
    assert.match(answer.body.message ?? '', /field not declared in schema/)
  })

  for (const { title, file, namespace } of combinations) {
    test(`takes every manifest of ${title}`, async () => {
      const manifests = rendered(file)
      const faults: string[] = []
      for (const manifest of manifests) {
        const { status, body } = await api.apply(manifest, namespace)
        if (status > 201) faults.push(`${manifest.kind} ${manifest.metadata.name}: ${status} ${body.message}`)
      }
      assert.deepEqual(faults, [])
      assert.ok(manifests.length > 15)
    })

    test(`lets every pod of ${title} into a namespace with restricted Pod Security`, async () => {
      const faults: string[] = []
      let count = 0
      for (const { kind, metadata, spec } of rendered(file)) {
        const template =
          kind === 'Pod' ? { spec: spec as PodSpec } : (spec as { template?: { spec: PodSpec } } | undefined)?.template
        if (template === undefined || !['Pod', 'Deployment', 'StatefulSet', 'Job'].includes(kind)) continue
        count++
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: `${metadata.name}-pod` },
          spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claimed(spec)] },
        }
        const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`
        const { status, body } = await api.ask('POST', path, pod)
        if (status !== 201) faults.push(`${kind} ${metadata.name}: ${status} ${body.message}`)
      }
      assert.deepEqual(faults, [])
      assert.ok(count >= 5)
    })
  }
})

describe('a release', { skip: withoutPrograms('helm', 'etcd', 'kube-apiserver'), timeout: 290_000 }, () => {
  let api: KubeApi

  before(async () => {
    api = await KubeApi.start()
    await api.addNamespace('weir')
  })

  after(() => api?.stop())

  test('keeps its hubs when an autoscaler takes them over, and at every upgrade after', async () => {
    const run = (command: string, ...args: string[]): void => {
      const all = [command, 'weir', chart, '--kubeconfig', api.kubeconfig, '-n', 'weir', '--no-hooks', ...args]
      execFileSync(helm ?? '', all, { stdio: ['ignore', 'ignore', 'pipe'] })
    }
    const path = '/apis/apps/v1/namespaces/weir/deployments/weir-hub'
    const replicas = async (): Promise<unknown> =>
      ((await api.ask('GET', path)).body.spec as { readonly replicas: number }).replicas
    run('install', '--set', 'hub.replicas=3')
    assert.equal(await replicas(), 3)
    run('upgrade', '--set', 'hub.autoscaling.kind=hpa')
    assert.equal(await replicas(), 3)
    // The autoscaler adds two.
    await api.ask('PATCH', path, { spec: { replicas: 5 } }, 'application/merge-patch+json')
    run('upgrade', '--set', 'hub.autoscaling.kind=hpa,hub.maxAgeSeconds=600')
    assert.equal(await replicas(), 5)
  })
})

/** Variables that only stand in other ones. */
const helpers = new Set(['WEIR_NATS_PASSWORD'])

interface Variable {
  readonly name: string
  readonly value?: string
}

/**
 * The environment of a service as Kubernetes would make it; what comes from a Secret or the pod is
 * put in.
 */
function environmentOf(file: string, component: string): Record<string, string> {
  const found = rendered(file).find(
    ({ metadata, kind }) => metadata.name === `weir-${component}` && kind === 'Deployment',
  )
  assert.ok(found)
  const { template } = found.spec as { template: { spec: { containers: { env: Variable[] }[] } } }
  const given: Readonly<Record<string, string>> = {
    WEIR_NATS_PASSWORD: 'p1',
    WEIR_JWT_SECRET: 'x'.repeat(32),
    DATABASE_URL: 'postgres://weir:p@db/weir',
    WEIR_HUB_NAME: 'weir-hub-6d5f-x2x',
  }
  const env: Record<string, string> = {}
  for (const { name, value } of template.spec.containers[0]?.env ?? []) {
    const text = value ?? given[name]
    assert.ok(text !== undefined, `nothing says what ${name} is`)
    // Kubernetes knows the variables that stand above.
    env[name] = text.replaceAll(/\$\((\w+)\)/g, (whole, other: string) => env[other] ?? whole)
  }
  return env
}

interface SchemaPlace {
  readonly properties?: Readonly<Record<string, SchemaPlace>>
  readonly additionalProperties?: boolean | SchemaPlace
}

/** Whether there is such a value: what the schema leaves open has any. */
function isPlace(place: SchemaPlace, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  const { properties, additionalProperties } = place
  const inner = properties?.[name] ?? (additionalProperties === false ? undefined : additionalProperties)
  if (inner === undefined) return properties === undefined && additionalProperties === undefined
  return typeof inner === 'boolean' ? inner : isPlace(inner, rest)
}

interface ProvisionSpec {
  readonly podFailurePolicy: {
    readonly rules: readonly {
      readonly action: string
      readonly onExitCodes?: { readonly values: readonly number[] }
    }[]
  }
  readonly template: { readonly spec: { readonly initContainers: readonly { readonly args: readonly string[] }[] } }
}

interface PodSpec {
  readonly volumes?: readonly object[]
}

/** What a StatefulSet adds to its pods. */
function claimed(spec: unknown): readonly object[] {
  const { volumeClaimTemplates = [] } = spec as { volumeClaimTemplates?: { metadata: { name: string } }[] }
  return volumeClaimTemplates.map(({ metadata }) => ({ name: metadata.name, emptyDir: {} }))
}
