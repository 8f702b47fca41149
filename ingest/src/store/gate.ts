import { type Identity, type Publisher, SubjectQuota } from '@weir/mesh/edge'
import { type Producer, Producers, type ProducersOptions } from '../admission/producers.ts'
import { type TenantExists, Tenants } from '../admission/tenants.ts'
import { Intake } from './intake.ts'
import type { ShardsOf } from './stored-names.ts'

export interface GateOptions {
  readonly publisher: Pick<Publisher, 'publishAll'>
  readonly tenantExists: TenantExists
  /** Every tenant has one stream when absent. */
  readonly shardsOf?: ShardsOf | undefined
  readonly limits: ProducersOptions & { readonly subjectsMax: number; readonly subjectsWindowMs: number }
}

/** What all doors of an ingest share: who may send what, how fast, and the way to the stream. */
export class Gate {
  readonly producers: Producers
  readonly tenants: Tenants
  readonly intake: Intake

  constructor({ publisher, tenantExists, shardsOf = (tenant) => [tenant], limits }: GateOptions) {
    this.producers = new Producers(limits)
    this.tenants = new Tenants(tenantExists)
    this.intake = new Intake(publisher, new SubjectQuota({ ...limits, windowMs: limits.subjectsWindowMs }), shardsOf)
  }

  /** The sender, its rate filled up to now. Throws `not_found` for a tenant that is not there. */
  async admit(identity: Identity, nowMs: number): Promise<Producer> {
    if (!this.tenants.isKnown(identity.tenant)) await this.tenants.check(identity.tenant)
    return this.producers.of(identity, nowMs)
  }
}
