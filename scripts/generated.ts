import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordedRuns, resultsPage } from '../bench/src/report/results.ts'
import { dashboardJson } from '../deploy/grafana/dashboard-json.ts'
import { dashboards } from '../deploy/grafana/dashboards.ts'
import { apiDocument } from './api-document.ts'
import { configDocument } from './config-document.ts'
import { metricsDocument } from './metrics-document.ts'
import { natsUsersFile, relayUsersFile } from './nats-users-file.ts'
import { proxyFile } from './proxy-file.ts'
import { root, run } from './run.ts'
import { scalingDocument } from './scaling-document.ts'

/** Every generated file of the repository as it should be, by its path from the root. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const code = await Promise.all(schemas.map(generateCode))
  const texts = Object.entries(documents).map(async ([path, text]) => [path, await text()] as const)
  return new Map([...code.flatMap((files) => [...files]), ...(await Promise.all(texts))])
}

/** The generated files that are there now. */
export async function generatedNow(): Promise<ReadonlyMap<string, string>> {
  const texts = Object.keys(documents).map(
    async (path) => [path, await readFile(root + path, 'utf8').catch(() => '')] as const,
  )
  const code = await Promise.all(schemas.map(({ out }) => readTree(root + out, out)))
  return new Map([...code.flatMap((files) => [...files]), ...(await Promise.all(texts))])
}

/** Single files that are written from what the code declares. */
const documents: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/config.md': configDocument,
  'client/docs/api.md': apiDocument,
  'bench/RESULTS.md': () => resultsPage(recordedRuns()),
  'deploy/proxies/nginx.conf': () => proxyFile('nginx'),
  'deploy/proxies/Caddyfile': () => proxyFile('caddyfile'),
  'deploy/proxies/haproxy.cfg': () => proxyFile('haproxy'),
  'deploy/proxies/envoy.yaml': () => proxyFile('yaml envoy'),
  'deploy/proxies/traefik.yaml': () => proxyFile('yaml traefik'),
  'deploy/proxies/traefik-weir.yaml': () => proxyFile('yaml traefik-weir'),
  'docs/metrics.md': metricsDocument,
  'docs/scaling.md': scalingDocument,
  ...Object.fromEntries(
    dashboards.map((each) => [`deploy/helm/weir/files/dashboards/${each.name}.json`, () => dashboardJson(each)]),
  ),
  'deploy/nats/users.conf': natsUsersFile,
  'deploy/nats/relay-users.conf': relayUsersFile,
  // Helm reads no file outside of its chart.
  'deploy/helm/weir/charts/nats/files/users.conf': natsUsersFile,
}

interface Schema {
  /** The folder of the .proto files. */
  readonly source: string
  readonly out: string
}

const schemas: readonly Schema[] = [
  { source: 'proto', out: 'proto/src/gen' },
  { source: 'ingest/proto', out: 'ingest/src/gen' },
  { source: 'hub/proto', out: 'hub/src/gen' },
]

async function generateCode({ source, out }: Schema): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-gen-'))
  try {
    const outcome = await run(['buf', 'generate', source, '--template', 'proto/buf.gen.yaml', '--output', folder])
    if (!outcome.ok) throw new Error(`buf generate failed:\n${outcome.output}`)
    return await readTree(join(folder, 'src/gen'), out)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function readTree(folder: string, name: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(name + path.slice(folder.length), await readFile(path, 'utf8'))
  }
  return files
}
