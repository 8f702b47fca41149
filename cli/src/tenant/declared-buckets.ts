import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type BucketSpec, defaultTenantSpec, type TenantSpec } from '@weir/mesh'
import { fileOf } from '../checkout/file-of.ts'
import { bun } from '../checkout/programs.ts'
import { limits } from '../limits.ts'
import { UsageError } from '../text/usage-error.ts'

/**
 * A tenant with the buckets of the default and those that a file of projections needs; the file's
 * word counts where both name one. The projector reads its own file. Throws UsageError with every
 * fault of it.
 */
export async function specWithBuckets(spec: TenantSpec, file: string | undefined): Promise<TenantSpec> {
  if (file === undefined || file === '') return spec
  const declared = await declaredBuckets(file)
  const names = new Set(declared.map(({ name }) => name))
  return { ...spec, buckets: [...defaultTenantSpec.buckets.filter(({ name }) => !names.has(name)), ...declared] }
}

async function declaredBuckets(file: string): Promise<readonly BucketSpec[]> {
  try {
    const options = { timeout: limits.requestMs }
    const { stdout } = await promisify(execFile)(bun, [fileOf('projector/src/print-buckets.ts'), file], options)
    return JSON.parse(stdout) as readonly BucketSpec[]
  } catch (fault) {
    const said = fault instanceof Error && 'stderr' in fault ? String(fault.stderr).trim() : String(fault)
    throw new UsageError(said)
  }
}
