import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { limits } from '../config/limits.ts'
import { meshBucketName, sourceStream } from './layout.ts'

/**
 * What an answer of ingest means, from the weakest: `dev`, written by one server; `single`, synced
 * to the disk of one server; `cluster`, written by two of three servers.
 */
export const durabilityProfiles = ['dev', 'single', 'cluster'] as const

export type DurabilityProfile = (typeof durabilityProfiles)[number]

/**
 * A sentence on why NATS does not keep what the profile says; undefined where it does. The bucket
 * of the mesh stands for all streams, as the provisioner makes them alike. Whether a single server
 * syncs is nothing that it tells its clients.
 */
export async function durabilityFault(nc: NatsConnection, profile: DurabilityProfile): Promise<string | undefined> {
  if (profile !== 'cluster') return undefined
  if (nc.info?.cluster === undefined)
    return 'The profile is "cluster", and the NATS server is the only one of its kind.'
  const stream = sourceStream('', meshBucketName)
  try {
    const manager = await jetstreamManager(nc, { checkAPI: false, timeout: limits.provisionRequestMs })
    const { num_replicas: replicas } = (await manager.streams.info(stream)).config
    if (replicas >= 3) return undefined
    return `The profile is "cluster", and ${stream} has ${replicas} copy instead of 3: provision with --replicas 3.`
  } catch (cause) {
    if (cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound) {
      return `The profile is "cluster", and there is no ${stream} yet: provision with --replicas 3.`
    }
    return `The profile is "cluster", and NATS did not say how many copies ${stream} has: ${cause}.`
  }
}
