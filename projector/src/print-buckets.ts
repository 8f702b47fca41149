// A program of its own, for who provisions: prints the buckets that a file of projections needs, as
// JSON. Argument: the file.

import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { type BucketSpec, systemReason } from '@weir/mesh'
import { DeclarationError, loadProjections } from './declaration/file/load.ts'

const [file = ''] = process.argv.slice(2)
try {
  const buckets = new Map<string, BucketSpec>()
  for (const spec of loadProjections(await readFile(file, 'utf8'), file)) {
    if ('bucket' in spec) {
      buckets.set(spec.bucket, { name: spec.bucket, ttlMs: spec.ttlMs, maxBytes: spec.quotaBytes })
    }
  }
  console.log(JSON.stringify([...buckets.values()]))
} catch (fault) {
  console.error(fault instanceof DeclarationError ? fault.message : `${file} cannot be read: ${systemReason(fault)}`)
  process.exitCode = 1
}
