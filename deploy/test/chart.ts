import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { kubernetesProgram, type Manifest } from './kube-api.ts'

/** The folder of the chart. */
export const chart: string = fileURLToPath(new URL('../helm/weir/', import.meta.url))

const cache = new Map<string, readonly Manifest[]>()

/** What Helm makes of the chart with a file of values, for a release `weir`. */
export function rendered(valuesFile: string): readonly Manifest[] {
  const known = cache.get(valuesFile)
  if (known !== undefined) return known
  const args = ['template', 'weir', chart, '--namespace', 'weir', '--kube-version', '1.31.4', '-f', valuesFile]
  const text = execFileSync(kubernetesProgram('helm') ?? 'helm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 })
  const manifests = parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`The chart is no YAML: ${document.errors}`)
    const value = document.toJS() as Manifest | null
    return value === null ? [] : [value]
  })
  cache.set(valuesFile, manifests)
  return manifests
}
