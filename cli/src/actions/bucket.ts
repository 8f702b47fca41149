import { WeirError } from '@weir/proto'
import { type AccessOptions, findAccess } from '../access/access.ts'
import { type NatsOptions, withNats } from '../access/nats.ts'
import { projectionsOf } from '../access/projection.ts'
import { bucketsOf, dropBucket, isDefaultBucket } from '../tenant/buckets.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'

export interface BucketOptions extends AccessOptions, NatsOptions {
  readonly tenant: string
}

/** A line a bucket: what it holds, and which projections fill it. */
export async function listBuckets(options: BucketOptions): Promise<number> {
  const projections = await projectionsOf(findAccess(options))
  for (const { name, entries, bytes } of await withNats(options, (nc) => bucketsOf(nc, options.tenant))) {
    const owners = projections.filter(({ bucket }) => bucket === name).map((projection) => projection.name)
    await print(`${name}: ${entries} entries, ${(bytes / 1024 ** 2).toFixed(1)} MiB, ${filledBy(name, owners)}`)
  }
  return exitCodes.done
}

function filledBy(name: string, owners: readonly string[]): string {
  if (owners.length > 0) return `filled by ${owners.join(', ')}`
  return isDefaultBucket(name) ? 'of every tenant' : 'filled by no projection'
}

/**
 * Throws `conflict` for one that a projection fills, or that every tenant has; `not_found` for one
 * that is not there.
 */
export async function dropBucketNamed(name: string, options: BucketOptions): Promise<number> {
  const owner = (await projectionsOf(findAccess(options))).find(({ bucket }) => bucket === name)
  if (owner !== undefined) {
    throw new WeirError(
      'conflict',
      `The projection ${owner.name} fills ${name}: take it out of the file of projections first.`,
    )
  }
  if (isDefaultBucket(name))
    throw new WeirError('conflict', `Every tenant has the bucket ${name}; it cannot be dropped.`)
  await withNats(options, async (nc) => {
    const buckets = await bucketsOf(nc, options.tenant)
    if (!buckets.some((bucket) => bucket.name === name)) {
      throw new WeirError(
        'not_found',
        `The tenant ${options.tenant} has no bucket ${name}; "weir bucket list" names them.`,
      )
    }
    await dropBucket(nc, options.tenant, name)
  })
  await print(`${name} is dropped.`)
  return exitCodes.done
}
